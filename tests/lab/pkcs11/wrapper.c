/* A real module behind one that keeps account: it writes down the name of every function that is called, and changes
 * answers as the environment says.
 *   WRAPPED_MODULE       the module to pass calls on to
 *   WRAPPED_LOG          a file: the name of each function called, a line each
 *   WRAPPED_TOKEN_FLAGS  hexadecimal: flags set on every token
 *   WRAPPED_SLOT_FLAGS   hexadecimal: flags set on every slot
 *   WRAPPED_ANSWER       "C_OpenSession=0xE0": what this function answers instead of being called;
 *                        "C_FindObjects:2=0x32": from its second call since C_Initialize on
 *   WRAPPED_CRASH        "C_FindObjects": the function in which it crashes */
#include "cryptoki.h"
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef unsigned long Word; /* every argument of every function fits one, and no function has more than eight */
typedef CK_RV (*Function)(Word, Word, Word, Word, Word, Word, Word, Word);

static CK_FUNCTION_LIST *real, ours = {{2, 40}, {0}};
static unsigned called[COUNT];

static void note(const char *name) {
  const char *log = getenv("WRAPPED_LOG");
  FILE *file = log ? fopen(log, "a") : NULL;
  if (!file) return;
  fprintf(file, "%s\n", name);
  fclose(file);
}

/* whether WRAPPED_ANSWER names this call; *answer is then what to say */
static int instead(int place, const char *name, CK_RV *answer) {
  const char *told = getenv("WRAPPED_ANSWER");
  size_t length = strlen(name);
  called[place]++;
  if (!told || strncmp(told, name, length) != 0) return 0;
  unsigned long from = 1;
  char *rest = (char *)told + length;
  if (*rest == ':') from = strtoul(rest + 1, &rest, 10);
  if (*rest != '=' || called[place] < from) return 0;
  *answer = strtoul(rest + 1, NULL, 0);
  return 1;
}

static CK_ULONG flags(const char *name) {
  const char *told = getenv(name);
  return told ? strtoul(told, NULL, 16) : 0;
}

static CK_RV pass(int place, const char *name, Word a, Word b, Word c, Word d, Word e, Word f, Word g, Word h) {
  CK_RV answer;
  const char *crashes = getenv("WRAPPED_CRASH");
  note(name);
  if (place == AT_C_Initialize) memset(called, 0, sizeof called);
  if (crashes && strcmp(crashes, name) == 0) raise(SIGSEGV);
  if (instead(place, name, &answer)) return answer;
  answer = ((Function)real->function[place])(a, b, c, d, e, f, g, h);
  if (!answer && place == AT_C_GetTokenInfo) ((CK_TOKEN_INFO *)b)->flags |= flags("WRAPPED_TOKEN_FLAGS");
  if (!answer && place == AT_C_GetSlotInfo) ((CK_SLOT_INFO *)b)->flags |= flags("WRAPPED_SLOT_FLAGS");
  return answer;
}

#define WRAP(name)                                                                     \
  static CK_RV w_##name(Word a, Word b, Word c, Word d, Word e, Word f, Word g, Word h) { \
    return pass(AT_##name, #name, a, b, c, d, e, f, g, h);                             \
  }
FUNCTIONS(WRAP)

CK_RV C_GetFunctionList(CK_FUNCTION_LIST **found);
CK_RV C_GetFunctionList(CK_FUNCTION_LIST **found) {
  note("C_GetFunctionList");
  const char *path = getenv("WRAPPED_MODULE");
  void *library = path ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;
  CK_RV (*get)(CK_FUNCTION_LIST **) = library ? (CK_RV(*)(CK_FUNCTION_LIST **))dlsym(library, "C_GetFunctionList") : NULL;
  if (!get || get(&real)) return 0x5;
#define PUT(name) ours.function[AT_##name] = (void *)w_##name;
  FUNCTIONS(PUT)
  *found = &ours;
  return 0;
}
