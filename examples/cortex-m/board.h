/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BOARD_H
#define BOARD_H

#include <stddef.h>
#include <stdint.h>

/* Text for the debugger or the emulator (semihosting). */
void board_print(const char *text);
void board_print_number(long n);
/* The argument after the program's name, "" if there is none. */
const char *board_argument(void);
/* Reads a file of the computer behind the debugger; bytes, 0: failed. */
size_t board_read_file(const char *path, void *to, size_t most);
/* SysTick, 24 bits of the core's clock, counting up. */
uint32_t board_ticks(void);
/* The most bytes that the stack had so far. */
size_t board_stack_bytes(void);

int main(void);

#endif
