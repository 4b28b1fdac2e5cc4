/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Convolutions of few columns, such as the first one of a network: 16 output
 * channels lie across the lanes, in 16 bits, and no sums over lanes are needed.
 */
#include "runtime/neon/conv_neon.h"

#ifdef DBRT_NEON

#include "runtime/neon/intrinsics.h"
#include <string.h>

#include "runtime/neon/lanes_tile.h"

/* Four rows of a block: their numbers of each column side by side, 16 numbers
 * from column to column. */
static void put_block(int16_t *out, const int8_t *w)
{
	int8x16_t r0 = vld1q_s8(w), r1 = vld1q_s8(w + 16);
	int8x16_t r2 = vld1q_s8(w + 32), r3 = vld1q_s8(w + 48);
	int8x16_t a[2] = { vzip1q_s8(r0, r2), vzip2q_s8(r0, r2) };
	int8x16_t b[2] = { vzip1q_s8(r1, r3), vzip2q_s8(r1, r3) };

	for (int i = 0; i < 2; i++) {
		int8x16_t v[2] = { vzip1q_s8(a[i], b[i]),
				   vzip2q_s8(a[i], b[i]) };

		for (int k = 0; k < 2; k++, out += 64) {
			int16x8_t low = vmovl_s8(vget_low_s8(v[k]));
			int16x8_t high = vmovl_high_s8(v[k]);

			vst1_s16(out, vget_low_s16(low));
			vst1_s16(out + 16, vget_high_s16(low));
			vst1_s16(out + 32, vget_low_s16(high));
			vst1_s16(out + 48, vget_high_s16(high));
		}
	}
}

static void put_tile(int16_t *out, const int8_t *w, uint32_t blocks)
{
	for (uint32_t b = 0; b < blocks; b++, out += 256, w += 64)
		put_block(out, w);
}

/* Channels and pixels of a kernel. */
#define WIDE 16
#define NARROW 8

static void run_tile(struct dbrt_lanes_tile *t, uint32_t count,
		     uint32_t channels, int fused)
{
	if (channels <= NARROW) {
		t->groups = (count + 7) / 8;
		(fused ? dbrt_lanes_w8a8_neon_8x8 :
			 dbrt_lanes_sums_neon_8x8)(t);
	} else {
		t->groups = (count + 3) / 4;
		(fused ? dbrt_lanes_w8a8_neon_4x16 :
			 dbrt_lanes_sums_neon_4x16)(t);
	}
}

/* Channels of `count` pixels that do not go to the output at once: fewer than
 * a kernel has, or sums. */
static void run_apart(const struct dbrt_conv_job *j, struct dbrt_lanes_tile *t,
		      uint32_t pixel, uint32_t count, uint32_t channels,
		      int fused)
{
	struct dbrt_depthwise_pixel at[DBRT_LANES_PIXELS + 4];
	int32_t acc[DBRT_LANES_PIXELS][16];
	int8_t(*codes)[16] = (int8_t(*)[16])(void *)acc;
	const struct dbrt_depthwise_pixel *all = t->pixels;
	size_t channel = t->channel, pitch = j->y->pitch;
	int8_t *out = (int8_t *)j->out + pixel * pitch + channel;

	for (uint32_t i = 0; i < (count + 7) / 8 * 8; i++)
		at[i] = (struct dbrt_depthwise_pixel){
			all[i].x, fused ? (void *)codes[i] : (void *)acc[i]
		};
	at[(count + 7) / 8 * 8] = at[0];
	t->pixels = at;
	t->channel = 0;
	run_tile(t, count, channels, fused);
	if (!fused)
		dbrt_conv_store(j, acc[0], 16, pixel, count, (uint32_t)channel,
				channels);
	else
		for (uint32_t i = 0; i < count; i++)
			memcpy(out + i * pitch, codes[i], channels);
	t->pixels = all;
}

void dbrt_conv_lanes_neon(const struct dbrt_conv_job *j, uint32_t group,
			  const int8_t *const *x, uint32_t pixel,
			  uint32_t count, dbrt_lanes_weights *weights,
			  const void *ctx, int8_t *decoded)
{
	int16_t w[DBRT_LANES_COLUMNS * 16 + 16];
	int32_t base[16];
	struct dbrt_depthwise_scale scale;
	struct dbrt_depthwise_pixel at[DBRT_LANES_PIXELS + 4];
	struct dbrt_lanes_tile t = { .pixels = at,
				     .w = w,
				     .base = base,
				     .scale = &scale,
				     .columns = j->k };
	int8_t *out = (int8_t *)j->out + pixel * (size_t)j->y->pitch;

	for (uint32_t i = 0; i < count; i++, out += j->y->pitch)
		at[i] = (struct dbrt_depthwise_pixel){ x[i], out };
	/* those behind the last one repeat it, with one that is only fetched */
	for (uint32_t i = count; i <= (count + 7) / 8 * 8; i++)
		at[i] = at[i - 1];

	for (uint32_t row = 0; row < j->rows; row += WIDE) {
		uint32_t channel = group * j->rows + row;
		uint32_t channels = j->rows - row < WIDE ? j->rows - row : WIDE;
		int fused = j->p->post == DBP_POST_CLAMP &&
			    dbrt_load_scale_neon(&scale, &j->post, channel,
						 channels);

		memset(base, 0, sizeof(base));
		if (fused)
			memcpy(base, j->post.bias + channel,
			       4 * (size_t)channels);
		/* of rows that are not there, any numbers will do */
		for (uint32_t r = 0; r < channels; r += 4)
			put_tile(w + r,
				 weights(ctx, group, (row + r) / 4, decoded),
				 j->k16 / 16);
		t.channel = channel;
		if (fused && (channels == WIDE || channels == NARROW))
			run_tile(&t, count, channels, 1);
		else
			run_apart(j, &t, pixel, count, channels, fused);
	}
}

#endif
