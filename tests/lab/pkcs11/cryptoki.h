/* PKCS#11 v2.40 as far as the modules of the tests need it: the function list and the structures they fill in.
 * With PACKED it is laid out as on Windows: CK_ULONG of 32 bits, structures packed to one byte. */
#include <stddef.h>
#include <stdint.h>

#ifdef PACKED
#pragma pack(push, 1)
typedef uint32_t CK_ULONG;
#else
typedef unsigned long CK_ULONG;
#endif
typedef CK_ULONG CK_RV;
typedef struct { unsigned char major, minor; } CK_VERSION;

/* the 68 functions, in their places */
#define FUNCTIONS(X) \
  X(C_Initialize) X(C_Finalize) X(C_GetInfo) X(C_GetFunctionList) X(C_GetSlotList) X(C_GetSlotInfo) \
  X(C_GetTokenInfo) X(C_GetMechanismList) X(C_GetMechanismInfo) X(C_InitToken) X(C_InitPIN) X(C_SetPIN) \
  X(C_OpenSession) X(C_CloseSession) X(C_CloseAllSessions) X(C_GetSessionInfo) X(C_GetOperationState) \
  X(C_SetOperationState) X(C_Login) X(C_Logout) X(C_CreateObject) X(C_CopyObject) X(C_DestroyObject) \
  X(C_GetObjectSize) X(C_GetAttributeValue) X(C_SetAttributeValue) X(C_FindObjectsInit) X(C_FindObjects) \
  X(C_FindObjectsFinal) X(C_EncryptInit) X(C_Encrypt) X(C_EncryptUpdate) X(C_EncryptFinal) X(C_DecryptInit) \
  X(C_Decrypt) X(C_DecryptUpdate) X(C_DecryptFinal) X(C_DigestInit) X(C_Digest) X(C_DigestUpdate) X(C_DigestKey) \
  X(C_DigestFinal) X(C_SignInit) X(C_Sign) X(C_SignUpdate) X(C_SignFinal) X(C_SignRecoverInit) X(C_SignRecover) \
  X(C_VerifyInit) X(C_Verify) X(C_VerifyUpdate) X(C_VerifyFinal) X(C_VerifyRecoverInit) X(C_VerifyRecover) \
  X(C_DigestEncryptUpdate) X(C_DecryptDigestUpdate) X(C_SignEncryptUpdate) X(C_DecryptVerifyUpdate) \
  X(C_GenerateKey) X(C_GenerateKeyPair) X(C_WrapKey) X(C_UnwrapKey) X(C_DeriveKey) X(C_SeedRandom) \
  X(C_GenerateRandom) X(C_GetFunctionStatus) X(C_CancelFunction) X(C_WaitForSlotEvent)

#define PLACE(name) AT_##name,
enum { FUNCTIONS(PLACE) COUNT };
typedef struct { CK_VERSION version; void *function[COUNT]; } CK_FUNCTION_LIST;

typedef struct {
  CK_VERSION cryptoki;
  char manufacturer[32];
  CK_ULONG flags;
  char description[32];
  CK_VERSION version;
} CK_INFO;
typedef struct {
  char description[64], manufacturer[32];
  CK_ULONG flags;
  CK_VERSION hardware, firmware;
} CK_SLOT_INFO;
typedef struct {
  char label[32], manufacturer[32], model[16], serial[16];
  CK_ULONG flags, numbers[10];
  CK_VERSION hardware, firmware;
  char time[16];
} CK_TOKEN_INFO;
typedef struct { CK_ULONG type; void *value; CK_ULONG length; } CK_ATTRIBUTE;
typedef struct { void *mutex[4]; CK_ULONG flags; void *reserved; } CK_C_INITIALIZE_ARGS;
#ifdef PACKED
#pragma pack(pop)
#endif
