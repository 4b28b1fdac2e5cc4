/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Power cuts at the steps of an update, torn writes included; and two cuts in
 * a row, drawn at random. CUTS=N in the environment: every step, and N pairs;
 * else some of the steps of larger flash, and 300 pairs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/slots_board.h"

#define PIECE 777

/* What was found after a cut: the old or the new model. */
struct outcomes {
	int steps, cuts, old, new;
};

/* The state before the update: version `from` runs from slot from - 1. */
static void prepare(struct slots_board *b, uint32_t sector, uint32_t payload,
		    int from)
{
	slots_board_make(b, sector, payload);
	assert_true(slots_board_reset(b) == 0);
	if (from == 2)
		assert_int_equal(slots_board_update(b, 2, PIECE),
				 DBRT_UPDATE_OK);
	b->flash.steps = 0;
}

/* The confirmed model must stay as it is while it is the last known good. */
static void lock(struct slots_board *b)
{
	b->flash.locked_at = b->slots.slot_at[b->slots.record.active];
	b->flash.locked_bytes = b->slots.slot_bytes;
}

/* After a cut: the next boot has a whole model, the old or the new one. */
static void check_boot(struct slots_board *b, int from, uint64_t next_cut,
		       struct outcomes *o)
{
	int slot, version;

	cut_flash_power(&b->flash, next_cut);
	slot = slots_board_reset(b);
	if (slot < 0 && b->flash.dead)
		return;
	assert_in_range(slot, 0, 1);
	version = slots_board_version(b, slot);
	assert_true(version == from || version == from + 1);
	o->old += version == from;
	o->new += version != from;
}

/* With power, the update gets through. */
static void complete(struct slots_board *b, int from)
{
	int slot;

	cut_flash_power(&b->flash, 0);
	assert_int_equal(slots_board_update(b, from + 1, PIECE),
			 DBRT_UPDATE_OK);
	slot = slots_board_reset(b);
	assert_in_range(slot, 0, 1);
	assert_int_equal(slots_board_version(b, slot), from + 1);
	assert_int_equal(b->slots.record.state, DBRT_SLOTS_IDLE);
	assert_true(b->flash.misuses == 0);
}

/* The update with a cut at step `cut`; 0: it was done before. */
static int cut_once(struct slots_board *b, int from, uint64_t cut)
{
	lock(b);
	b->flash.draw = cut;
	cut_flash_power(&b->flash, cut);
	slots_board_update(b, from + 1, PIECE);
	b->flash.locked_bytes = 0;
	return b->flash.dead;
}

static const struct {
	uint32_t sector, payload;
	uint64_t stride; /* of the short form; the last steps are all cut */
} flashes[] = { { 256, 20000, 1 }, { 4096, 50001, 5 }, { 131072, 140000, 25 } };
#define FLASHES (sizeof(flashes) / sizeof(*flashes))
#define LAST_STEPS 10

/* The steps of an update that nothing cuts. */
static uint64_t count_steps(uint32_t sector, uint32_t payload, int from)
{
	struct slots_board b;
	uint64_t steps;

	prepare(&b, sector, payload, from);
	lock(&b);
	assert_int_equal(slots_board_update(&b, from + 1, PIECE),
			 DBRT_UPDATE_OK);
	steps = b.flash.steps;
	b.flash.locked_bytes = 0;
	complete(&b, from);
	slots_board_free(&b);
	return steps;
}

static void cut_flash_at(size_t i, int from, uint64_t cut, struct outcomes *o)
{
	struct slots_board b;

	prepare(&b, flashes[i].sector, flashes[i].payload, from);
	assert_true(cut_once(&b, from, cut));
	o->cuts++;
	check_boot(&b, from, 0, o);
	complete(&b, from);
	slots_board_free(&b);
}

static void cut_steps(size_t i, int from)
{
	uint64_t steps =
		count_steps(flashes[i].sector, flashes[i].payload, from);
	uint64_t stride = getenv("CUTS") ? 1 : flashes[i].stride;
	struct outcomes o = { .steps = (int)steps };

	for (uint64_t cut = 1; cut <= steps; cut++)
		if (cut % stride == 0 || cut + LAST_STEPS > steps)
			cut_flash_at(i, from, cut, &o);
	printf("sectors of %u bytes, slot %d to %d: %d steps, %d cuts, then "
	       "old model %d, new model %d\n",
	       flashes[i].sector, from - 1, 2 - from, o.steps, o.cuts, o.old,
	       o.new);
	assert_true(o.cuts >= LAST_STEPS && o.old && o.new);
	assert_int_equal(o.old + o.new, o.cuts);
}

static void test_every_step(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * FLASHES; i++)
		cut_steps(i / 2, i % 2 ? 2 : 1);
}

static uint64_t next_random(uint64_t *x)
{
	*x = *x * 6364136223846793005u + 1442695040888963407u;
	return *x >> 33;
}

static void test_two_cuts(void **state)
{
	const char *cuts = getenv("CUTS");
	int count = cuts ? atoi(cuts) : 300;
	struct outcomes o = { 0 };
	struct slots_board b;
	uint64_t x = 1;

	(void)state;
	for (int i = 0; o.cuts < count && i < 4 * count; i++) {
		uint32_t sector = 256u << next_random(&x) % 3;
		int from = 1 + (int)(next_random(&x) % 2);

		prepare(&b, sector, 6000, from);
		if (cut_once(&b, from, 1 + next_random(&x) % 48)) {
			uint64_t second = 1 + next_random(&x) % 48;

			check_boot(&b, from, second, &o);
			if (!b.flash.dead)
				slots_board_update(&b, from + 1, PIECE);
			o.cuts += b.flash.dead;
			if (b.flash.dead)
				check_boot(&b, from, 0, &o);
		}
		complete(&b, from);
		slots_board_free(&b);
	}
	printf("two cuts in a row: %d, boots between and after: old model %d, "
	       "new model %d\n",
	       o.cuts, o.old, o.new);
	assert_int_equal(o.cuts, count);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_step),
		cmocka_unit_test(test_two_cuts),
	};

	return sodium_init() < 0 ? 1 :
				   cmocka_run_group_tests(tests, NULL, NULL);
}
