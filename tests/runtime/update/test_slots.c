/* SPDX-License-Identifier: Apache-2.0 */
/* Two slots: an update, what is refused, and damaged flash. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/slots_board.h"

static struct slots_board b;

static int set_up(void **state)
{
	(void)state;
	slots_board_make(&b, 1024, 9000);
	return sodium_init() < 0 || slots_board_reset(&b) != 0;
}

static int tear_down(void **state)
{
	(void)state;
	slots_board_free(&b);
	return b.flash.misuses != 0;
}

static void test_update(void **state)
{
	(void)state;
	assert_int_equal(slots_board_download(&b, 2, 100), DBRT_UPDATE_OK);
	assert_int_equal(dbrt_slots_confirm(&b.slots), DBRT_UPDATE_ERROR_STATE);
	assert_int_equal(slots_board_reset(&b), 1);
	assert_int_equal(slots_board_version(&b, 1), 2);
	/* neither slot may be written while it is not decided */
	assert_int_equal(slots_board_download(&b, 3, 100),
			 DBRT_UPDATE_ERROR_STATE);
	assert_int_equal(dbrt_slots_confirm(&b.slots), DBRT_UPDATE_OK);
	assert_int_equal(slots_board_reset(&b), 1);
	assert_int_equal(slots_board_download(&b, 3, 1), DBRT_UPDATE_OK);
	assert_int_equal(slots_board_reset(&b), 0);
	assert_int_equal(slots_board_version(&b, 0), 3);
}

/* Not confirmed, or not healthy: the old one runs again, and stays. */
static void test_revert(void **state)
{
	(void)state;
	assert_int_equal(slots_board_download(&b, 2, 512), DBRT_UPDATE_OK);
	assert_int_equal(slots_board_reset(&b), 1);
	assert_int_equal(slots_board_reset(&b), 0);
	assert_int_equal(slots_board_reset(&b), 0);
	assert_int_equal(slots_board_download(&b, 2, 512), DBRT_UPDATE_OK);
	assert_int_equal(slots_board_reset(&b), 1);
	assert_int_equal(dbrt_slots_revert(&b.slots), DBRT_UPDATE_OK);
	assert_int_equal(slots_board_reset(&b), 0);
	assert_int_equal(slots_board_version(&b, 0), 1);
}

static int refuse(void *ctx, uint32_t payload_at, uint32_t bytes)
{
	const struct slots_board *board = ctx;

	return memcmp(board->flash.bytes + payload_at, board->update[2] + 512,
		      bytes) ?
		       0 :
		       -1;
}

static void test_selftest(void **state)
{
	(void)state;
	b.slots.selftest = refuse;
	b.slots.selftest_ctx = &b;
	assert_int_equal(slots_board_download(&b, 2, 999),
			 DBRT_UPDATE_ERROR_SELFTEST);
	assert_int_equal(slots_board_reset(&b), 0);
	assert_int_equal(slots_board_download(&b, 3, 999), DBRT_UPDATE_OK);
}

/* Refused by its head: no step of the flash is done. */
static void head_refused(struct dbu_head *head, const struct signing_key *key,
			 int status)
{
	uint64_t steps = b.flash.steps;

	if (key)
		update_sign(head, "x", 1, key, 1);
	assert_int_equal(dbrt_slots_begin(&b.slots, head), status);
	assert_int_equal(b.flash.steps, steps);
}

static void test_refused_heads(void **state)
{
	struct dbu_head h = { .manifest = update_manifest(2) };
	struct signing_key wrong = signing_key(9);

	(void)state;
	head_refused(&h, &wrong, DBRT_UPDATE_ERROR_KEY);
	memcpy(wrong.known.id, b.key.known.id, sizeof(wrong.known.id));
	head_refused(&h, &wrong, DBRT_UPDATE_ERROR_SIGNATURE);
	h.manifest.version = 1;
	head_refused(&h, &b.key, DBRT_UPDATE_ERROR_OLDER);
	h.manifest.version = 2;
	h.manifest.target[0] = 'c';
	head_refused(&h, &b.key, DBRT_UPDATE_ERROR_TARGET);
	h.manifest = update_manifest(2);
	h.manifest.model[0] = 'c';
	head_refused(&h, &b.key, DBRT_UPDATE_ERROR_MODEL);
	h = (struct dbu_head){ .manifest = update_manifest(2) };
	update_sign(&h, b.flash.bytes, b.slots.slot_bytes - 511, &b.key, 1);
	head_refused(&h, NULL, DBRT_UPDATE_ERROR_SPACE);
}

/* No older version, also behind the one that ran before. */
static void test_rollback(void **state)
{
	(void)state;
	assert_int_equal(slots_board_update(&b, 3, 700), DBRT_UPDATE_OK);
	assert_int_equal(slots_board_reset(&b), 1);
	assert_int_equal(slots_board_download(&b, 2, 700),
			 DBRT_UPDATE_ERROR_OLDER);
	assert_int_equal(slots_board_download(&b, 3, 700),
			 DBRT_UPDATE_ERROR_OLDER);
}

static void test_wrong_pieces(void **state)
{
	struct dbu_head head;
	struct dbrt_slots *s = &b.slots;
	uint8_t *file = b.update[2];

	(void)state;
	memcpy(&head, file, sizeof(head));
	assert_int_equal(dbrt_slots_write(s, 0, file, 10),
			 DBRT_UPDATE_ERROR_STATE);
	assert_int_equal(dbrt_slots_begin(s, &head), DBRT_UPDATE_OK);
	assert_int_equal(dbrt_slots_received(s), 512);
	assert_int_equal(dbrt_slots_write(s, 1512, file + 1512, 1000),
			 DBRT_UPDATE_ERROR_STATE);
	assert_int_equal(dbrt_slots_write(s, 512, file + 512, 9001),
			 DBRT_UPDATE_ERROR_STATE);
	assert_int_equal(dbrt_slots_finish(s), DBRT_UPDATE_ERROR_TRUNCATED);
	/* two pieces in the wrong order of content */
	assert_int_equal(dbrt_slots_write(s, 512, file + 5012, 4500),
			 DBRT_UPDATE_OK);
	assert_int_equal(dbrt_slots_write(s, 5012, file + 512, 4500),
			 DBRT_UPDATE_OK);
	assert_int_equal(dbrt_slots_finish(s), DBRT_UPDATE_ERROR_HASH);
	assert_int_equal(slots_board_reset(&b), 0);
	assert_int_equal(slots_board_download(&b, 2, 300), DBRT_UPDATE_OK);
}

/* A download that stops at a byte goes on, without what is stored. */
static void test_resume(void **state)
{
	struct dbu_head head;
	struct dbrt_slots *s = &b.slots;

	(void)state;
	memcpy(&head, b.update[2], sizeof(head));
	assert_int_equal(dbrt_slots_begin(s, &head), DBRT_UPDATE_OK);
	assert_int_equal(dbrt_slots_write(s, 512, b.update[2] + 512, 4000),
			 DBRT_UPDATE_OK);
	assert_int_equal(slots_board_reset(&b), 0);
	assert_int_equal(dbrt_slots_begin(s, &head), DBRT_UPDATE_OK);
	assert_int_equal(dbrt_slots_received(s), 4096);
	/* another update begins anew */
	memcpy(&head, b.update[3], sizeof(head));
	assert_int_equal(dbrt_slots_begin(s, &head), DBRT_UPDATE_OK);
	assert_int_equal(dbrt_slots_received(s), 512);
	assert_int_equal(slots_board_download(&b, 3, 77), DBRT_UPDATE_OK);
	assert_int_equal(slots_board_reset(&b), 1);
	assert_int_equal(slots_board_version(&b, 1), 3);
}

/* One bit of each region of the flash; the other slot holds an older model. */
static void test_bit_rot(void **state)
{
	uint32_t slot = b.slots.slot_at[1];

	(void)state;
	assert_int_equal(slots_board_update(&b, 2, 700), DBRT_UPDATE_OK);
	for (uint32_t at = 0; at < 2 * 1024; at += 3) {
		b.flash.bytes[at] ^= 4;
		assert_int_equal(slots_board_reset(&b), 1);
		b.flash.bytes[at] ^= 4;
	}
	memset(b.flash.bytes, 0x55, 2 * 1024);
	assert_int_equal(slots_board_reset(&b), 1);
	b.flash.bytes[slot + 5000] ^= 4;
	assert_int_equal(slots_board_reset(&b), 0);
	b.flash.bytes[slot + 5000] ^= 4;
	b.flash.bytes[b.slots.slot_at[0] + 20] ^= 4;
	assert_int_equal(slots_board_reset(&b), 1);
	b.flash.bytes[slot + 20] ^= 4;
	assert_int_equal(slots_board_reset(&b), DBRT_UPDATE_ERROR_EMPTY);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(test_update),   CASE(test_revert),
		CASE(test_selftest), CASE(test_refused_heads),
		CASE(test_rollback), CASE(test_wrong_pieces),
		CASE(test_resume),   CASE(test_bit_rot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
