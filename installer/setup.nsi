; Setup.exe and uninstall.exe: per user. build.py says what it needs by -D:
;   VERSION   as people read it        NUMBERS  four numbers      OUTPUT   Setup.exe
;   BUNDLE    the folder to install    FILES    its list          SIZE     kB on disk      SIGN  (maybe) a command line
;   SIDE      picture beside the first and the last page
;
; Setup.exe:     /S silent   /D=folder (last, without quotes)   /AUTOSTART=1 or 0   /DESKTOP=1 or 0
;                /LANG=en or zh-CN   /DOWNGRADE=1
; uninstall.exe: /S silent   /SETTINGS=1 also settings, journal, logs and token   /MODELS=1 also what was brought
; Exit codes: 0 done, 1 cancelled, 2 failed, 3 a program of ours did not end, 4 a newer version is installed,
;             5 Windows is too old, 6 removed, except for some files of models

Unicode true
; 64-bit where NSIS can: Debian's. The one for Windows makes 32-bit programs, which do the same here: nothing that they
; touch lies elsewhere for them.
!ifndef TARGET
  !if /FileExists "${NSISDIR}\Stubs\lzma_solid-amd64-unicode"
    !define TARGET amd64-unicode
  !else
    !define TARGET x86-unicode
  !endif
!endif
Target ${TARGET}
SetCompressor /SOLID lzma
SetCompressorDictSize 64
RequestExecutionLevel user
ManifestLongPathAware true
ManifestDPIAware true
ManifestSupportedOS Win10

!include MUI2.nsh
!include FileFunc.nsh
!include LogicLib.nsh
!include WinVer.nsh
!include WordFunc.nsh
!include x64.nsh
!include Win\COM.nsh
!include Win\Propkey.nsh
!include nsDialogs.nsh
!include "${FILES}"

!define NAME "Model Preload"
!define APP_ID "ModelPreload.ModelPreload"
!define PUBLISHER "Model Preload contributors"
!define KEY "Software\ModelPreload"
!define UNINSTALL_KEY "Software\Microsoft\Windows\CurrentVersion\Uninstall\ModelPreload"
!define RUN_KEY "Software\Microsoft\Windows\CurrentVersion\Run"
!define APPROVED_KEY "Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run"
!define QUIT_EVENT "Local\ModelPreload.Quit" ; system/quit_event.py listens
!define TRAY "ModelPreload.exe"
!define CONSOLE "model-preload.exe"

Name "${NAME} ${VERSION}"
OutFile "${OUTPUT}"
InstallDir "$LOCALAPPDATA\Programs\Model Preload"
InstallDirRegKey HKCU "${KEY}" "InstallDir"
BrandingText "${NAME} ${VERSION}"
VIProductVersion "${NUMBERS}"
VIAddVersionKey ProductName "${NAME}"
VIAddVersionKey ProductVersion "${VERSION}"
VIAddVersionKey FileVersion "${VERSION}"
VIAddVersionKey FileDescription "${NAME} Setup"
VIAddVersionKey CompanyName "${PUBLISHER}"
VIAddVersionKey LegalCopyright "Apache License 2.0"
!ifdef SIGN
  !uninstfinalize '${SIGN} "%1"'
!endif

Var TrayRan     ; 1 if the tray program was running
Var Autostart   ; 1 or 0: as asked; empty: as it was
Var OnDesktop
Var AutostartBox
Var DesktopBox
Var WithSettings
Var SettingsBox
Var WithModels
Var ModelsSize  ; of what was brought, as people read it; empty if there is nothing, or it can't be told
Var ModelsBox

!define MUI_ICON "${__FILEDIR__}\..\resources\icons\model-preload.ico"
!define MUI_UNICON "${__FILEDIR__}\..\resources\icons\model-preload.ico"
!define MUI_WELCOMEFINISHPAGE_BITMAP "${SIDE}"
!define MUI_ABORTWARNING
!define MUI_LANGDLL_REGISTRY_ROOT HKCU
!define MUI_LANGDLL_REGISTRY_KEY "${KEY}"
!define MUI_LANGDLL_REGISTRY_VALUENAME "InstallerLanguage"
!define MUI_LANGDLL_ALLLANGUAGES

!insertmacro MUI_PAGE_WELCOME
!insertmacro MUI_PAGE_LICENSE "${__FILEDIR__}\..\LICENSE"
!define MUI_PAGE_CUSTOMFUNCTION_LEAVE FolderLeave
!insertmacro MUI_PAGE_DIRECTORY
Page custom OptionsShow OptionsLeave
!insertmacro MUI_PAGE_INSTFILES
!define MUI_FINISHPAGE_RUN "$INSTDIR\${TRAY}"
!define MUI_FINISHPAGE_RUN_TEXT "$(StartNow)"
!insertmacro MUI_PAGE_FINISH
!insertmacro MUI_UNPAGE_CONFIRM
UninstPage custom un.OptionsShow un.OptionsLeave
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE English
!insertmacro MUI_LANGUAGE SimpChinese
!insertmacro MUI_RESERVEFILE_LANGDLL

!macro TEXT name english chinese
  LangString ${name} ${LANG_ENGLISH} "${english}"
  LangString ${name} ${LANG_SIMPCHINESE} "${chinese}"
!macroend
!insertmacro TEXT StartNow "&Start Model Preload" "启动 Model Preload(&S)"
!insertmacro TEXT OptionsTitle "Options" "选项"
!insertmacro TEXT OptionsSubtitle "Both can be changed later." "这两项以后都可以更改。"
!insertmacro TEXT StartWithWindows "Start Model Preload with &Windows" "随 Windows 启动 Model Preload(&W)"
!insertmacro TEXT DesktopShortcut "Put a shortcut on the &desktop" "在桌面上创建快捷方式(&D)"
!insertmacro TEXT StillRunning \
  "Model Preload is still running and did not end when asked. End it, then try again. What was fetched is kept." \
  "Model Preload 仍在运行，收到请求后没有退出。请将其结束后重试。已下载的内容会保留。"
!insertmacro TEXT Newer \
  "A newer version, $0, is installed; this is ${VERSION}. Settings and journal of the newer one may not be readable. Install the older one all the same?" \
  "已安装较新的版本 $0，而此安装程序的版本是 ${VERSION}。较新版本的设置和日志库可能无法读取。仍要安装较旧的版本吗？"
!insertmacro TEXT TooLong \
  "The path of this folder is too long: with the files below it, it would have more than 259 characters. Choose one nearer to the drive's root." \
  "此文件夹的路径太长：加上其中的文件后会超过 259 个字符。请选择离驱动器根目录更近的文件夹。"
!insertmacro TEXT OldWindows "Model Preload needs 64-bit Windows 10, version 1809, or newer." \
  "Model Preload 需要 64 位 Windows 10 1809 或更高版本。"
!insertmacro TEXT KeepTitle "What is kept" "保留的内容"
!insertmacro TEXT KeepSubtitle "What is not marked here stays where it is." "未勾选的内容会保留在原处。"
!insertmacro TEXT RemoveSettings "Also remove &settings, history, logs and the stored token" "同时删除设置、历史记录、日志和已保存的令牌(&S)"
!insertmacro TEXT RemoveModels "Also remove the preloaded &models" "同时删除预加载的模型(&M)"
!insertmacro TEXT ModelsAre "$ModelsSize. Other programs that use them have to fetch them again." \
  "共 $ModelsSize。使用它们的其他程序必须重新下载。"
!insertmacro TEXT ModelsLeft "Some files of models could not be deleted: another program uses them, or they are protected." \
  "部分模型文件无法删除：其他程序正在使用，或文件受到保护。"

; --- quitting what runs -----------------------------------------------------------------------------------------

!macro QUIT un
Function ${un}IsRunning ; $R9 = 1 while a program lies open: Windows does not let a running one be written
  StrCpy $R9 0
  ${If} ${FileExists} "$INSTDIR\${TRAY}"
    ClearErrors
    FileOpen $R8 "$INSTDIR\${TRAY}" a
    ${If} ${Errors}
      StrCpy $R9 1
    ${Else}
      FileClose $R8
    ${EndIf}
  ${EndIf}
FunctionEnd

Function ${un}IsWorking ; the same for either program
  Call ${un}IsRunning
  ${If} ${FileExists} "$INSTDIR\${CONSOLE}"
    ClearErrors
    FileOpen $R8 "$INSTDIR\${CONSOLE}" a
    ${If} ${Errors}
      StrCpy $R9 1
    ${Else}
      FileClose $R8
    ${EndIf}
  ${EndIf}
FunctionEnd

Function ${un}Quit ; ask both programs to end and wait for their processes; does not return if they don't
  Call ${un}IsRunning
  StrCpy $TrayRan $R9
  Call ${un}IsWorking
  ${If} $R9 = 0
    Return
  ${EndIf}
  again:
  ${If} $TrayRan = 1
    ExecWait '"$INSTDIR\${TRAY}" --quit'
  ${EndIf}
  System::Call 'kernel32::CreateEventW(p 0, i 1, i 0, w "${QUIT_EVENT}") p .R7'
  System::Call 'kernel32::SetEvent(p R7)'
  StrCpy $R6 0
  ${Do}
    Call ${un}IsWorking
    ${If} $R9 = 0
    ${OrIf} $R6 >= 300
      ${Break}
    ${EndIf}
    Sleep 100
    IntOp $R6 $R6 + 1
  ${Loop}
  System::Call 'kernel32::ResetEvent(p R7)'
  System::Call 'kernel32::CloseHandle(p R7)'
  ${If} $R9 = 1
    MessageBox MB_RETRYCANCEL|MB_ICONEXCLAMATION "$(StillRunning)" /SD IDCANCEL IDRETRY again
    SetErrorLevel 3
    Quit
  ${EndIf}
FunctionEnd
!macroend
!insertmacro QUIT ""
!insertmacro QUIT "un."

!macro SAFE ; from now on DLLs come from System32 alone, never from the folder that Setup.exe was downloaded to
  System::Call 'kernel32::SetDefaultDllDirectories(i 0x800)'
  System::Call 'kernel32::SetDllDirectoryW(w "")'
  ; themes fetch it when they first draw, and not every loader keeps to the two lines above then
  System::Call 'kernel32::LoadLibraryW(w "$SYSDIR\msimg32.dll")'
  SetShellVarContext current
!macroend

!macro LANGUAGE
  ${GetParameters} $R0
  ClearErrors
  ${GetOptions} $R0 "/LANG=" $R1
  ${IfNot} ${Errors}
    ${If} $R1 == "zh-CN"
    ${OrIf} $R1 == "zh_CN"
    ${OrIf} $R1 == "2052"
      StrCpy $LANGUAGE ${LANG_SIMPCHINESE}
    ${Else}
      StrCpy $LANGUAGE ${LANG_ENGLISH}
    ${EndIf}
  ${Else}
!macroend

; --- installing -------------------------------------------------------------------------------------------------

Function .onInit
  !insertmacro SAFE
  !insertmacro LANGUAGE
    ReadRegStr $R1 HKCU "${KEY}" "InstallerLanguage"
    ${If} $R1 != ""
      StrCpy $LANGUAGE $R1
    ${ElseIfNot} ${Silent}
      !insertmacro MUI_LANGDLL_DISPLAY
    ${EndIf}
  ${EndIf}
  ${IfNot} ${RunningX64}
  ${OrIfNot} ${AtLeastBuild} 17763
    MessageBox MB_OK|MB_ICONSTOP "$(OldWindows)" /SD IDOK
    SetErrorLevel 5
    Quit
  ${EndIf}
  ${If} ${Silent}
    Call IsTooLong
    ${If} $R9 = 1
      SetErrorLevel 2
      Quit
    ${EndIf}
  ${EndIf}
  ${GetOptions} $R0 "/AUTOSTART=" $Autostart
  ${GetOptions} $R0 "/DESKTOP=" $OnDesktop
  ReadRegStr $0 HKCU "${KEY}" "Version"
  ${If} $0 != ""
    ${VersionCompare} "$0" "${NUMBERS}" $1
    ${If} $1 = 1
      ClearErrors
      ${GetOptions} $R0 "/DOWNGRADE=" $2
      ${If} $2 != 1
        MessageBox MB_YESNO|MB_ICONQUESTION|MB_DEFBUTTON2 "$(Newer)" /SD IDNO IDYES older
        SetErrorLevel 4
        Quit
        older:
      ${EndIf}
    ${EndIf}
  ${EndIf}
FunctionEnd

Function IsTooLong ; $R9 = 1 if a file of ours would lie too deep for a Windows without long paths, and for some DLLs
  StrLen $R9 "$INSTDIR\"
  IntOp $R9 $R9 + ${DEEPEST}
  ${If} $R9 > 259
    StrCpy $R9 1
    MessageBox MB_OK|MB_ICONEXCLAMATION "$(TooLong)" /SD IDOK
  ${Else}
    StrCpy $R9 0
  ${EndIf}
FunctionEnd

Function FolderLeave
  Call IsTooLong
  ${If} $R9 = 1
    Abort
  ${EndIf}
FunctionEnd

Function OptionsShow
  !insertmacro MUI_HEADER_TEXT "$(OptionsTitle)" "$(OptionsSubtitle)"
  nsDialogs::Create 1018
  Pop $0
  ${NSD_CreateCheckbox} 0 0 100% 12u "$(StartWithWindows)"
  Pop $AutostartBox
  ${NSD_CreateCheckbox} 0 18u 100% 12u "$(DesktopShortcut)"
  Pop $DesktopBox
  ReadRegStr $1 HKCU "${RUN_KEY}" "${NAME}"
  ${If} $Autostart == 1
  ${OrIf} $Autostart$1 != ""
  ${AndIf} $Autostart != 0
    ${NSD_Check} $AutostartBox
  ${EndIf}
  ${If} $OnDesktop == 1
  ${OrIf} ${FileExists} "$DESKTOP\${NAME}.lnk"
    ${NSD_Check} $DesktopBox
  ${EndIf}
  ${NSD_SetFocus} $AutostartBox
  nsDialogs::Show
FunctionEnd

Function OptionsLeave
  ${NSD_GetState} $AutostartBox $Autostart
  ${NSD_GetState} $DesktopBox $OnDesktop
FunctionEnd

!macro SHORTCUT path ; with the AppUserModelID that the program tells Windows too
  CreateShortcut "${path}" "$INSTDIR\${TRAY}" "" "$INSTDIR\${TRAY}" 0
  !insertmacro ComHlpr_CreateInProcInstance ${CLSID_ShellLink} ${IID_IShellLink} r0 ""
  ${If} $0 P<> 0
    ${IUnknown::QueryInterface} $0 '("${IID_IPersistFile}",.r1)'
    ${If} $1 P<> 0
      ${IPersistFile::Load} $1 '("${path}",2)'
      ${IUnknown::QueryInterface} $0 '("${IID_IPropertyStore}",.r2)'
      ${If} $2 P<> 0
        System::Call '*${SYSSTRUCT_PROPERTYKEY}(${PKEY_AppUserModel_ID})p.r3'
        System::Call '*(&i2 31, &i6 0, w "${APP_ID}", p 0)p.r4'
        ${IPropertyStore::SetValue} $2 '($3,$4)'
        ${IPropertyStore::Commit} $2 ""
        ${IPersistFile::Save} $1 '("${path}",1)'
        System::Free $3
        System::Free $4
        ${IUnknown::Release} $2 ""
      ${EndIf}
      ${IUnknown::Release} $1 ""
    ${EndIf}
    ${IUnknown::Release} $0 ""
  ${EndIf}
!macroend

Section
  SetOverwrite on
  Call Quit
  ; What an older version brought goes first, by its own list; it keeps what is the user's.
  ${If} ${FileExists} "$INSTDIR\uninstall.exe"
    ExecWait '"$INSTDIR\uninstall.exe" /S /UPGRADE=1 _?=$INSTDIR' $0
    ${If} $0 <> 0
      SetErrorLevel 2
      Abort
    ${EndIf}
  ${EndIf}
  ClearErrors
  !insertmacro INSTALL_FILES
  SetOutPath "$INSTDIR"
  WriteUninstaller "$INSTDIR\uninstall.exe"
  ${If} ${Errors}
    SetErrorLevel 2
    Abort
  ${EndIf}
  !insertmacro SHORTCUT "$SMPROGRAMS\${NAME}.lnk"
  ${If} $OnDesktop == 1
    !insertmacro SHORTCUT "$DESKTOP\${NAME}.lnk"
  ${ElseIf} $OnDesktop == 0
    Delete "$DESKTOP\${NAME}.lnk"
  ${EndIf}
  ReadRegStr $0 HKCU "${RUN_KEY}" "${NAME}"
  ${If} $Autostart == 0
    DeleteRegValue HKCU "${RUN_KEY}" "${NAME}"
  ${ElseIf} $Autostart == 1
  ${OrIf} $0 != ""
    WriteRegStr HKCU "${RUN_KEY}" "${NAME}" '"$INSTDIR\${TRAY}" --tray'
  ${EndIf}
  WriteRegStr HKCU "${KEY}" "InstallDir" "$INSTDIR"
  WriteRegStr HKCU "${KEY}" "Version" "${NUMBERS}"
  WriteRegStr HKCU "${KEY}" "InstallerLanguage" "$LANGUAGE"
  WriteRegStr HKCU "${UNINSTALL_KEY}" "DisplayName" "${NAME}"
  WriteRegStr HKCU "${UNINSTALL_KEY}" "DisplayVersion" "${VERSION}"
  WriteRegStr HKCU "${UNINSTALL_KEY}" "Publisher" "${PUBLISHER}"
  WriteRegStr HKCU "${UNINSTALL_KEY}" "DisplayIcon" '"$INSTDIR\${TRAY}",0'
  WriteRegStr HKCU "${UNINSTALL_KEY}" "InstallLocation" "$INSTDIR"
  WriteRegStr HKCU "${UNINSTALL_KEY}" "UninstallString" '"$INSTDIR\uninstall.exe"'
  WriteRegStr HKCU "${UNINSTALL_KEY}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S'
  WriteRegDWORD HKCU "${UNINSTALL_KEY}" "EstimatedSize" ${SIZE}
  WriteRegDWORD HKCU "${UNINSTALL_KEY}" "NoModify" 1
  WriteRegDWORD HKCU "${UNINSTALL_KEY}" "NoRepair" 1
  ${If} $TrayRan = 1
    Exec '"$INSTDIR\${TRAY}" --tray'
  ${EndIf}
SectionEnd

; --- uninstalling -----------------------------------------------------------------------------------------------

Function un.onInit
  !insertmacro SAFE
  !insertmacro LANGUAGE
    ReadRegStr $R1 HKCU "${KEY}" "InstallerLanguage"
    ${If} $R1 != ""
      StrCpy $LANGUAGE $R1
    ${EndIf}
  ${EndIf}
  StrCpy $WithSettings 0
  ${GetOptions} $R0 "/SETTINGS=" $WithSettings
  StrCpy $WithModels 0
  ${GetOptions} $R0 "/MODELS=" $WithModels
FunctionEnd

Function un.AskSize ; the program knows what it brought; it may be broken, and then nothing is offered
  StrCpy $ModelsSize ""
  nsExec::ExecToStack /TIMEOUT=60000 '"$INSTDIR\${CONSOLE}" remove-models --json'
  Pop $0
  Pop $1
  ${If} $0 == 0
    ClearErrors
    ${WordFind2X} $1 '"size": "' '"' "E+1" $ModelsSize
    ${If} ${Errors}
    ${OrIf} $ModelsSize == "0 B"
      StrCpy $ModelsSize ""
    ${EndIf}
  ${EndIf}
FunctionEnd

Function un.OptionsShow
  !insertmacro MUI_HEADER_TEXT "$(KeepTitle)" "$(KeepSubtitle)"
  nsDialogs::Create 1018
  Pop $0
  ${NSD_CreateCheckbox} 0 0 100% 12u "$(RemoveSettings)"
  Pop $SettingsBox
  ${If} $WithSettings = 1
    ${NSD_Check} $SettingsBox
  ${EndIf}
  Call un.AskSize
  ${If} $ModelsSize != ""
    ${NSD_CreateCheckbox} 0 22u 100% 12u "$(RemoveModels)"
    Pop $ModelsBox
    ${If} $WithModels = 1
      ${NSD_Check} $ModelsBox
    ${EndIf}
    ${NSD_CreateLabel} 12u 36u -12u 20u "$(ModelsAre)"
    Pop $0
  ${EndIf}
  ${NSD_SetFocus} $SettingsBox
  nsDialogs::Show
FunctionEnd

Function un.OptionsLeave
  ${NSD_GetState} $SettingsBox $WithSettings
  ${If} $ModelsSize != ""
    ${NSD_GetState} $ModelsBox $WithModels
  ${EndIf}
FunctionEnd

Function un.Empty ; the folder on the stack and all in it, except what lies behind links and junctions
  Exch $0
  Push $1
  Push $2
  Push $3
  System::Call 'kernel32::GetFileAttributesW(w r0) i .r3'
  IntOp $3 $3 & 0x400 ; FILE_ATTRIBUTE_REPARSE_POINT
  ${If} $3 = 0
    FindFirst $1 $2 "$0\*"
    ${DoWhile} $2 != ""
      ${If} $2 != "."
      ${AndIf} $2 != ".."
        System::Call 'kernel32::GetFileAttributesW(w "$0\$2") i .r3'
        IntOp $3 $3 & 0x10 ; FILE_ATTRIBUTE_DIRECTORY
        ${If} $3 <> 0
          Push "$0\$2"
          Call un.Empty
        ${Else}
          Delete "$0\$2"
        ${EndIf}
      ${EndIf}
      FindNext $1 $2
    ${Loop}
    FindClose $1
  ${EndIf}
  RMDir "$0" ; a link itself goes, not where it leads
  Pop $3
  Pop $2
  Pop $1
  Pop $0
FunctionEnd

Section Uninstall
  Call un.Quit
  ${GetParameters} $R0
  ClearErrors
  ${GetOptions} $R0 "/UPGRADE=" $R1
  ${IfNot} ${Errors}
    !insertmacro REMOVE_FILES
    Return
  ${EndIf}
  ${If} $WithModels = 1
    nsExec::Exec '"$INSTDIR\${CONSOLE}" remove-models --yes --quiet'
    Pop $0
    ${If} $0 != 0
      SetErrorLevel 6
      MessageBox MB_OK|MB_ICONEXCLAMATION "$(ModelsLeft)" /SD IDOK
    ${EndIf}
  ${EndIf}
  !insertmacro REMOVE_FILES
  Delete "$INSTDIR\uninstall.exe"
  SetOutPath "$TEMP"
  RMDir "$INSTDIR"
  Delete "$SMPROGRAMS\${NAME}.lnk"
  Delete "$DESKTOP\${NAME}.lnk"
  DeleteRegValue HKCU "${RUN_KEY}" "${NAME}"
  DeleteRegValue HKCU "${APPROVED_KEY}" "${NAME}"
  DeleteRegKey HKCU "${UNINSTALL_KEY}"
  DeleteRegKey HKCU "${KEY}"
  ${If} $WithSettings = 1
    Push "$LOCALAPPDATA\ModelPreload"
    Call un.Empty
    ; as keyring names them: the service alone, or hub@service
    System::Call 'advapi32::CredDeleteW(w "Model Preload", i 1, i 0)'
    System::Call 'advapi32::CredDeleteW(w "huggingface@Model Preload", i 1, i 0)'
    System::Call 'advapi32::CredDeleteW(w "modelscope@Model Preload", i 1, i 0)'
  ${EndIf}
SectionEnd
