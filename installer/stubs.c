/* What Debian 12's Wine 8.0 lacks and every supported Windows has. Each part becomes a DLL in the prefix's system32:
   for building and testing, never shipped. */
#include <windows.h>
#define X __declspec(dllexport)

#ifdef ICUUC /* Qt6Core asks it for exotic text codecs: there are none */
X void *ucnv_open(const char *name, int *error) { if (error) *error = 4; return 0; }
#define NOTHING(name) X void *name(void) { return 0; }
NOTHING(ucnv_close) NOTHING(UCNV_FROM_U_CALLBACK_SUBSTITUTE) NOTHING(UCNV_TO_U_CALLBACK_SUBSTITUTE)
NOTHING(ucnv_reset) NOTHING(ucnv_getMaxCharSize) NOTHING(ucnv_getName) NOTHING(ucnv_getToUCallBack)
NOTHING(ucnv_getFromUCallBack) NOTHING(ucnv_setToUCallBack) NOTHING(ucnv_setFromUCallBack)
NOTHING(ucnv_cbToUWriteUChars) NOTHING(ucnv_toUnicode) NOTHING(ucnv_cbFromUWriteUChars)
NOTHING(ucnv_toUCountPending) NOTHING(ucnv_fromUCountPending) NOTHING(ucnv_getStandardName)
NOTHING(ucnv_getAvailableName) NOTHING(ucnv_countAvailable) NOTHING(ucnv_fromUnicode)
#endif

#ifdef BCRYPTPRIMITIVES /* Rust's random numbers */
BOOLEAN WINAPI SystemFunction036(PVOID, ULONG);
X BOOL ProcessPrng(PBYTE data, SIZE_T size) { return SystemFunction036(data, (ULONG)size); }
#endif

#ifdef MSCMS /* colour profiles; Wine's own aborts in WcsCreateIccProfile when the first window shows */
X int GetColorProfileFromHandle(void *a, void *b, void *c) { return 0; }
X int CloseColorProfile(void *a) { return 1; }
X void *WcsCreateIccProfile(void *a, unsigned b) { return 0; }
X void *OpenColorProfileW(void *a, unsigned b, unsigned c, unsigned d) { return 0; }
#endif

#ifdef PYTHON /* python.exe */
typedef int (*py_main)(int, wchar_t **);
int wmain(int argc, wchar_t **argv) {
    HMODULE dll = LoadLibraryW(L"python311.dll");
    py_main run = dll ? (py_main)GetProcAddress(dll, "Py_Main") : 0;
    return run ? run(argc, argv) : 111;
}
#endif

#ifdef NOTHING_AT_ALL /* python3.dll: its .def file forwards every name */
void nothing(void) {}
#endif
