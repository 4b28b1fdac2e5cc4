/* SPDX-License-Identifier: Apache-2.0 */
/* The entry requantize_tiles of every row of x86-64 that this processor runs,
 * against the portable requantize of one tile after the other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/kernels_portable.h"
#include "tests/support/random_conv.h"

#ifdef DBRT_X86

#define CALLS 2000
#define CHANNELS 40
#define STRIDE 48
#define OUT_BYTES (64 * STRIDE + 128)

/* Scales of some channels; `plain`: those that the entry takes. */
struct scales {
	int32_t bias[CHANNELS];
	uint16_t multiplier[CHANNELS], multiplier2[CHANNELS];
	uint8_t shift[CHANNELS], shift2[CHANNELS];
	int8_t table[256];
	struct dbrt_post post;
	bool plain;
};

static int32_t pick_sum(void)
{
	return (int32_t)((uint32_t)conv_pick(0, 65535) << 16 |
			 (uint32_t)conv_pick(0, 65535)) >>
	       conv_pick(0, 31);
}

static void pick_scales(struct scales *s, uint32_t channel)
{
	int form =
		conv_pick(0, 7); /* 1: small shifts; 2, 3: slopes; 4: table */

	for (uint32_t i = 0; i < CHANNELS; i++) {
		s->bias[i] = pick_sum() / 2;
		s->multiplier[i] = (uint16_t)conv_pick(32768, 65535);
		s->shift[i] = (uint8_t)conv_pick(18, 62);
		if (!conv_pick(0, 9))
			s->multiplier[i] = 0;
	}
	if (form == 1)
		s->shift[channel + (uint32_t)conv_pick(0, 15)] = 17;
	memcpy(s->multiplier2, s->multiplier, sizeof(s->multiplier));
	memcpy(s->shift2, s->shift, sizeof(s->shift));
	if (form == 2)
		s->multiplier2[channel + (uint32_t)conv_pick(0, 15)] ^= 1;
	if (form == 3)
		s->shift2[channel + (uint32_t)conv_pick(0, 15)] ^= 1;
	s->post = (struct dbrt_post){ .bias = s->bias,
				      .multiplier = s->multiplier,
				      .multiplier2 = s->multiplier2,
				      .shift = s->shift,
				      .shift2 = s->shift2,
				      .table = form == 4 ? s->table : NULL };
	s->post.zero_point = conv_pick(-128, 127);
	s->post.low = conv_pick(-128, 127);
	s->post.high = conv_pick(s->post.low, 127);
	s->plain = form == 0 || form > 4;
}

static void check_call(const struct dbrt_kernels *k)
{
	static int32_t acc[4][64][4];
	static int8_t want[OUT_BYTES], got[OUT_BYTES];
	uint32_t pixels = (uint32_t)conv_pick(1, 64);
	uint32_t channel = (uint32_t)conv_pick(0, CHANNELS - 16);
	struct scales s;
	int taken;

	pick_scales(&s, channel);
	for (uint32_t i = 0; i < 4 * 64 * 4; i++)
		acc[i / 256][i / 4 % 64][i % 4] = pick_sum();
	memset(want, 0x55, sizeof(want));
	memset(got, 0x55, sizeof(got));
	taken = k->requantize_tiles(got + 64, STRIDE,
				    (const int32_t(*)[64][4])acc, pixels,
				    &s.post, channel);
	assert_int_equal(taken, s.plain);
	for (uint32_t i = 0; taken && i < 4; i++)
		dbrt_requantize_portable(want + 64 + 4 * i, STRIDE, acc[i][0],
					 4, pixels, &s.post, channel + 4 * i,
					 4);
	assert_memory_equal(got, want, sizeof(want));
}

static void test_rows(void **state)
{
	uint32_t rows = 0;

	(void)state;
	for (int i = 0; dbrt_kernels_x86[i]; i++) {
		if (!dbrt_kernels_x86_runs(dbrt_kernels_x86[i]))
			continue;
		conv_seed(20265);
		for (int n = 0; n < CALLS; n++)
			check_call(dbrt_kernels_x86[i]);
		rows++;
	}
	print_message("%u rows\n", rows);
}

#else

static void test_rows(void **state)
{
	(void)state;
	skip();
}

#endif

int main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(
		test_rows) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
