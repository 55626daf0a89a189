/* A small PKCS#11 module with one token and one certificate, which goes wrong in the one way that its file is named
 * after: "crash_in_slots.so". Under any other name it behaves. tests/lab/modules.py says what each name does. */
#define _GNU_SOURCE
#include "cryptoki.h"
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int is(const char *name) { /* one compilation serves for all */
  Dl_info here;
  if (!dladdr((void *)is, &here)) return 0;
  const char *file = strrchr(here.dli_fname, '/');
  size_t length = strlen(name);
  return file && strncmp(file + 1, name, length) == 0 && strcmp(file + 1 + length, ".so") == 0;
}

static void crash(void) {
  signal(SIGSEGV, SIG_DFL);
  raise(SIGSEGV);
}

static void hang(void) {
  for (;;) pause();
}

static void misbehave(const char *where) { /* "crash_in_slots", "hang_in_slots" */
  char name[64];
  snprintf(name, sizeof name, "crash_in_%s", where);
  if (is(name)) crash();
  snprintf(name, sizeof name, "hang_in_%s", where);
  if (is(name)) hang();
}

__attribute__((constructor)) static void loaded(void) { misbehave("load"); }

static void pad(char *field, size_t size, const char *text) {
  memset(field, ' ', size);
  memcpy(field, text, strlen(text));
}

static CK_RV hoard(void) { /* until there is no more, and then as if nothing had been */
  for (;;) {
    char *block = malloc(1 << 20);
    if (!block) {
      if (is("hoard_and_die")) abort();
      return 0x2; /* CKR_HOST_MEMORY */
    }
    memset(block, 1, 1 << 20);
  }
}

static CK_RV initialize(CK_C_INITIALIZE_ARGS *args) {
  misbehave("initialize");
  if (is("loud")) {
    printf("{\"answer\": \"forged\"}\n");
    fflush(stdout);
    fprintf(stderr, "driver v1.0 (c) somebody\n");
    if (write(1, "{\"answer\": 1}", 13) < 0 || write(2, "noise", 5) < 0) return 0x5;
  }
  if (is("hoard") || is("hoard_and_die")) return hoard();
  if (is("single_threaded") && args) return 0xA; /* CKR_CANT_LOCK */
  if (args && (args->flags != 2 || args->reserved || args->mutex[0])) return 0x7;
  return is("initialised_before") ? 0x191 : is("refuses") ? 0x5 : is("strange_code") ? 0x7777 : 0;
}

static CK_RV finalize(void *reserved) {
  misbehave("finalize");
  return reserved ? 0x7 : 0;
}

static CK_RV get_info(CK_INFO *info) {
  memset(info, 0, sizeof *info);
  info->cryptoki = (CK_VERSION){is("strange_version") ? 77 : 2, 40};
  info->version = (CK_VERSION){1, 5};
  pad(info->manufacturer, 32, "Nh\xc3\xa0 s\xe1\xba\xa3n xu\xe1\xba\xa5t");
  pad(info->description, 32, "Module of the tests");
  if (is("strange_text")) {
    memset(info->manufacturer, 0xFF, 32);
    memset(info->description, 0x1B, 31);
    info->description[31] = 'x';
  }
  if (is("ended_text")) strcpy(info->manufacturer, "Short");
  return 0;
}

static CK_RV get_slot_list(unsigned char present, CK_ULONG *slots, CK_ULONG *count) {
  (void)present;
  misbehave("slots");
  if (is("forgets")) return 0x190; /* CKR_CRYPTOKI_NOT_INITIALIZED */
  if (is("growing_slots") && slots) *count = 100;
  else *count = is("endless_slots") ? (CK_ULONG)-1 : 1;
  if (slots) slots[0] = 7;
  return 0;
}

static CK_RV get_slot_info(CK_ULONG slot, CK_SLOT_INFO *info) {
  if (slot != 7) return 0x3;
  memset(info, 0, sizeof *info);
  pad(info->description, 64, "Slot of the tests");
  pad(info->manufacturer, 32, "Tests");
  info->flags = 0x7; /* token present, removable, hardware */
  return 0;
}

static CK_RV get_token_info(CK_ULONG slot, CK_TOKEN_INFO *info) {
  if (slot != 7) return 0x3;
  memset(info, 0, sizeof *info);
  pad(info->label, 32, "Nguyen Van A");
  pad(info->manufacturer, 32, "Tests");
  pad(info->model, 16, "Sixteen letters!");
  pad(info->serial, 16, "0123456789ABCDEF");
  info->flags = 0x40C; /* CKF_TOKEN_INITIALIZED, USER_PIN_INITIALIZED, LOGIN_REQUIRED */
  if (is("strange_text")) memset(info->model, 0xFF, 16);
  return 0;
}

static CK_RV open_session(CK_ULONG slot, CK_ULONG flags, void *application, void *notify, CK_ULONG *session) {
  misbehave("session");
  if (slot != 7 || flags != 0x4 || application || notify) return 0x7; /* read-only, or nothing */
  *session = 99;
  return 0;
}

static CK_RV close_session(CK_ULONG session) { return session == 99 ? 0 : 0xB3; }

static CK_ULONG searched; /* objects found so far */

static CK_RV find_init(CK_ULONG session, CK_ATTRIBUTE *wanted, CK_ULONG count) {
  searched = 0;
  if (session != 99 || count != 2) return 0x7;
  for (CK_ULONG i = 0; i < count; i++) {
    CK_ULONG value;
    if (wanted[i].length != sizeof value) return 0x13;
    memcpy(&value, wanted[i].value, sizeof value);
    if (!(wanted[i].type == 0x0 && value == 1) && !(wanted[i].type == 0x80 && value == 0)) return 0x13;
  }
  return 0;
}

static CK_RV find(CK_ULONG session, CK_ULONG *objects, CK_ULONG most, CK_ULONG *count) {
  if (session != 99 || !most) return 0x7;
  *count = 0;
  if (is("huge_count")) *count = most + 1;
  else if (is("endless_objects")) *count = most;
  else if (is("vast_certificates")) *count = searched < 64 ? most : 0;
  else if (!searched) *count = 1;
  searched += *count;
  for (CK_ULONG i = 0; i < *count && i < most; i++) objects[i] = 5;
  return 0;
}

static CK_RV find_final(CK_ULONG session) { return session == 99 ? 0 : 0xB3; }

static CK_RV get_value(CK_ULONG session, CK_ULONG object, CK_ATTRIBUTE *wanted, CK_ULONG count) {
  static const char der[] = "0\x03" "DER";
  if (session != 99 || object != 5 || count != 1 || wanted->type != 0x11) return 0x7;
  if (is("sensitive_value")) return 0x11;
  if (is("no_value")) wanted->length = (CK_ULONG)-1;
  else if (is("huge_length")) wanted->length = 0x7FFFFFF0;
  else if (is("growing_length") && wanted->value) wanted->length = 0x7FFFFFF0;
  else if (is("vast_certificates")) wanted->length = 65536; /* of whatever lies in the buffer */
  else {
    if (wanted->value) memcpy(wanted->value, der, 5);
    wanted->length = 5;
  }
  return is("no_value") ? 0x12 : 0;
}

static CK_RV never(void) { abort(); } /* what reading has no use for */

#ifndef NO_LIST
static CK_FUNCTION_LIST list = {{2, 40}, {0}};

CK_RV C_GetFunctionList(CK_FUNCTION_LIST **found);
CK_RV C_GetFunctionList(CK_FUNCTION_LIST **found) {
  misbehave("list");
  for (int i = 0; i < COUNT; i++) list.function[i] = (void *)never;
  list.function[AT_C_Initialize] = (void *)initialize;
  list.function[AT_C_Finalize] = (void *)finalize;
  list.function[AT_C_GetInfo] = (void *)get_info;
  list.function[AT_C_GetSlotList] = (void *)get_slot_list;
  list.function[AT_C_GetSlotInfo] = (void *)get_slot_info;
  list.function[AT_C_GetTokenInfo] = (void *)get_token_info;
  list.function[AT_C_OpenSession] = (void *)open_session;
  list.function[AT_C_CloseSession] = (void *)close_session;
  list.function[AT_C_FindObjectsInit] = (void *)find_init;
  list.function[AT_C_FindObjects] = (void *)find;
  list.function[AT_C_FindObjectsFinal] = is("no_function") ? NULL : (void *)find_final;
  list.function[AT_C_GetAttributeValue] = (void *)get_value;
  if (is("strange_list")) list.version.major = 9;
  *found = is("null_list") ? NULL : &list;
  return is("refuses_list") ? 0x5 : 0;
}
#else
void *unused[] = {(void *)initialize, (void *)finalize, (void *)get_info, (void *)get_slot_list, (void *)get_slot_info,
                  (void *)get_token_info, (void *)open_session, (void *)close_session, (void *)find_init, (void *)find,
                  (void *)find_final, (void *)get_value, (void *)never};
#endif
