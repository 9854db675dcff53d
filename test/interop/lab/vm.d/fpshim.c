/*
 * Preloaded into user-mode Linux. Version 6.1 saves a process's floating point registers into a buffer of
 * fixed size; processors with AMX have more registers than fit, and ptrace then refuses. Here the kernel is
 * given a buffer that is large enough, and the guest sees the part that it has room for.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#define XSTATE 0x202 /* NT_X86_XSTATE */

static char registers[65536] __attribute__((aligned(64)));

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

static long get_xstate(pid_t pid, struct iovec *wanted) {
  struct iovec all = {registers, sizeof registers};
  long result = syscall(SYS_ptrace, PTRACE_GETREGSET, pid, XSTATE, &all);
  if (result < 0) return result;
  wanted->iov_len = smaller(wanted->iov_len, all.iov_len);
  memcpy(wanted->iov_base, registers, wanted->iov_len);
  return 0;
}

/* The part that the guest does not know of keeps its value. */
static long set_xstate(pid_t pid, const struct iovec *given) {
  struct iovec all = {registers, sizeof registers};
  long result = syscall(SYS_ptrace, PTRACE_GETREGSET, pid, XSTATE, &all);
  if (result < 0) return result;
  memcpy(registers, given->iov_base, smaller(given->iov_len, all.iov_len));
  return syscall(SYS_ptrace, PTRACE_SETREGSET, pid, XSTATE, &all);
}

long ptrace(enum __ptrace_request request, ...) {
  va_list arguments;
  va_start(arguments, request);
  pid_t pid = va_arg(arguments, pid_t);
  void *address = va_arg(arguments, void *);
  void *data = va_arg(arguments, void *);
  va_end(arguments);

  if (request == PTRACE_GETREGSET && (long)address == XSTATE) return get_xstate(pid, data);
  if (request == PTRACE_SETREGSET && (long)address == XSTATE) return set_xstate(pid, data);
  if (request >= PTRACE_PEEKTEXT && request <= PTRACE_PEEKUSER) {
    /* The system call stores the word; the C function returns it. */
    long word;
    if (syscall(SYS_ptrace, request, pid, address, &word) < 0) return -1;
    errno = 0;
    return word;
  }
  return syscall(SYS_ptrace, request, pid, address, data);
}
