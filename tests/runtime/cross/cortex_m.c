/* SPDX-License-Identifier: Apache-2.0 */
/* From reset to main() on a Cortex-M board under an emulator: vectors, the
 * floating-point unit, arguments by semihosting. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CPACR (*(volatile uint32_t *)0xe000ed88u)
#define SYS_GET_CMDLINE 0x15

extern uint32_t stack_top, data_start, data_end, data_load, bss_start, bss_end;
void initialise_monitor_handles(void);
int main(int argc, char **argv);
void reset(void);
void hang(void);
void _init(void);
void _fini(void);

void _init(void)
{
}

void _fini(void)
{
}

void hang(void)
{
	exit(3);
}

static int semihost(int call, void *arg)
{
	register int r0 __asm__("r0") = call;
	register void *r1 __asm__("r1") = arg;

	__asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
	return r0;
}

static int run_main(void)
{
	static char line[512];
	static char *argv[4];
	struct {
		char *text;
		int bytes;
	} block = { line, sizeof(line) };
	int argc = 0;

	if (semihost(SYS_GET_CMDLINE, &block) == 0)
		for (char *s = strtok(line, " "); s && argc < 3;
		     s = strtok(NULL, " "))
			argv[argc++] = s;
	return main(argc, argv);
}

void reset(void)
{
	CPACR |= 0xfu << 20;
	__asm__ volatile("dsb\nisb");
	memcpy(&data_start, &data_load,
	       (size_t)((char *)&data_end - (char *)&data_start));
	memset(&bss_start, 0, (size_t)((char *)&bss_end - (char *)&bss_start));
	initialise_monitor_handles();
	exit(run_main());
}

__attribute__((section(".vectors"), used)) static void *const vectors[16] = {
	&stack_top, reset, hang, hang, hang, hang, hang,
};
