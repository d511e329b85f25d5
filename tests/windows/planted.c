/* What a stranger might leave beside Setup.exe. Whatever runs of it writes a file named after itself, which says who
   let it in. */
#include <windows.h>

static void betray(HMODULE self) {
    wchar_t path[1024], host[1024];
    DWORD written;
    HANDLE file;
    GetModuleFileNameW(NULL, host, 1000);
    GetModuleFileNameW(self, path, 1000);
    lstrcatW(path, L".loaded");
    file = CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    WriteFile(file, host, lstrlenW(host) * sizeof(wchar_t), &written, NULL);
    CloseHandle(file);
}

#ifdef LIBRARY
BOOL WINAPI DllMain(HINSTANCE self, DWORD reason, LPVOID nothing) {
    if (reason == DLL_PROCESS_ATTACH) betray(self);
    return TRUE;
}
#endif

#ifdef PROGRAM /* cmd.exe and its like */
int wmain(void) {
    betray(NULL);
    return 0;
}
#endif

#ifdef NOTHING /* imports what Setup.exe does, and is over at once: what gets in came before any program's first line */
#include <commctrl.h>
#include <shlobj.h>
int WINAPI WinMain(HINSTANCE self, HINSTANCE before, LPSTR line, int show) {
    if (!self) { /* never; that it can't be known keeps the imports */
        InitCommonControls();
        CoUninitialize();
        GdiFlush();
        ILFree(0);
        RegCloseKey(0);
        GetDC(0);
    }
    return 0;
}
#endif

#ifdef CARELESS /* loads by name alone what it is told to */
int wmain(int argc, wchar_t **argv) {
    for (int i = 1; i < argc; i++) LoadLibraryW(argv[i]);
    return 0;
}
#endif
