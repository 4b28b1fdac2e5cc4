/* SPDX-License-Identifier: Apache-2.0 */
/* From reset to main() on a Cortex-M, and semihosting, without a C library. */
#include "board.h"

#include <string.h>

#define CPACR (*(volatile uint32_t *)0xe000ed88u)
#define SYST ((volatile uint32_t *)0xe000e010u) /* control, reload, value */
#define PAINT 0xa5a5a5a5u

enum {
	SYS_OPEN = 1,
	SYS_CLOSE = 2,
	SYS_WRITE0 = 4,
	SYS_READ = 6,
	SYS_GET_CMDLINE = 0x15,
	SYS_EXIT_EXTENDED = 0x20
};

/* of board.ld */
extern uint32_t stack_top, stack_end, data_start, data_end, data_load;
extern uint32_t bss_start, bss_end;
void reset(void);
void hang(void);

static int semihost(int call, const void *arg)
{
	register int r0 __asm__("r0") = call;
	register const void *r1 __asm__("r1") = arg;

	__asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
	return r0;
}

static void leave(uint32_t code)
{
	uint32_t block[2] = { 0x20026, code }; /* the program ends */

	for (;;)
		semihost(SYS_EXIT_EXTENDED, block);
}

void hang(void)
{
	board_print("fault\n");
	leave(3);
}

/* What lies below this frame is painted, to see later how deep it was used. */
static void paint_stack(void)
{
	uint32_t *end = (uint32_t *)__builtin_frame_address(0) - 16;

	for (uint32_t *p = &stack_end; p < end; p++)
		*p = PAINT;
}

size_t board_stack_bytes(void)
{
	const uint32_t *p = &stack_end;

	while (p < &stack_top && *p == PAINT)
		p++;
	return (size_t)((const char *)&stack_top - (const char *)p);
}

void reset(void)
{
#ifdef __ARM_FP
	CPACR |= 0xfu << 20;
	__asm__ volatile("dsb\nisb");
#endif
	memcpy(&data_start, &data_load,
	       (size_t)((char *)&data_end - (char *)&data_start));
	memset(&bss_start, 0, (size_t)((char *)&bss_end - (char *)&bss_start));
	paint_stack();
	SYST[1] = 0xffffff;
	SYST[2] = 0;
	SYST[0] = 5; /* on, the core's clock, no interrupt */
	leave((uint32_t)main());
}

__attribute__((section(".vectors"), used)) static void *const vectors[16] = {
	&stack_top,   (void *)reset, (void *)hang, (void *)hang,
	(void *)hang, (void *)hang,  (void *)hang,
};

uint32_t board_ticks(void)
{
	return 0xffffff - SYST[2];
}

void board_print(const char *text)
{
	semihost(SYS_WRITE0, text);
}

void board_print_number(long n)
{
	char text[12], *p = text + sizeof(text) - 1;
	unsigned long left = n < 0 ? 0 - (unsigned long)n : (unsigned long)n;

	*p = 0;
	do {
		*--p = (char)('0' + left % 10);
		left /= 10;
	} while (left);
	if (n < 0)
		*--p = '-';
	board_print(p);
}

const char *board_argument(void)
{
	static char line[256];
	struct {
		char *text;
		int bytes;
	} block = { line, sizeof(line) };
	const char *p = line;

	if (semihost(SYS_GET_CMDLINE, &block))
		return "";
	while (*p && *p != ' ')
		p++;
	return *p ? p + 1 : p;
}

size_t board_read_file(const char *path, void *to, size_t most)
{
	struct {
		const char *name;
		uint32_t mode, bytes;
	} open = { path, 1, (uint32_t)strlen(path) };
	struct {
		int handle;
		void *to;
		size_t bytes;
	} read = { semihost(SYS_OPEN, &open), to, most };
	size_t left;

	if (read.handle == -1)
		return 0;
	left = (size_t)semihost(SYS_READ, &read); /* bytes not filled */
	semihost(SYS_CLOSE, &read.handle);
	return left > most ? 0 : most - left;
}
