/* SPDX-License-Identifier: Apache-2.0 */
/* Signed updates in memory, by both libraries of cryptography. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/update/adapters/update_sodium.h"
#include "runtime/update/adapters/update_wolfcrypt.h"
#include "tests/support/page_end.h"
#include "tests/support/signed_update.h"

#define PAYLOAD 100

static struct dbrt_update_crypto crypto[2];
static struct dbrt_update_keys keys;
static struct signing_key key;

static int set_up(void **state)
{
	static crypto_hash_sha256_state sodium;
	static wc_Sha256 wolf;

	(void)state;
	crypto[0] = dbrt_update_sodium(&sodium);
	crypto[1] = dbrt_update_wolfcrypt(&wolf);
	key = signing_key(1);
	keys = (struct dbrt_update_keys){ .count = 1, .keys = { key.known } };
	return sodium_init() < 0;
}

/* What a device does with a whole file. */
static int take(const uint8_t *file, size_t bytes, int library)
{
	struct dbu_head head;
	int status;

	memcpy(&head, file, sizeof(head));
	status = dbrt_update_verify(&head, &keys, &crypto[library]);
	return status ? status :
			dbrt_update_payload(&head, file + sizeof(head),
					    bytes - sizeof(head),
					    &crypto[library]);
}

static void test_every_bit(void **state)
{
	size_t bytes;
	uint8_t *file = update_make(7, PAYLOAD, &key, &bytes);

	(void)state;
	for (int library = 0; library < 2; library++) {
		assert_int_equal(take(file, bytes, library), DBRT_UPDATE_OK);
		for (size_t bit = 0; bit < 8 * bytes; bit++) {
			file[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_true(take(file, bytes, library) < 0);
			file[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		assert_int_equal(take(file, bytes - 1, library),
				 DBRT_UPDATE_ERROR_TRUNCATED);
	}
	free(file);
}

static void test_keys(void **state)
{
	struct signing_key two[2] = { signing_key(2), key };
	struct dbu_head head = { .manifest = update_manifest(1) };

	(void)state;
	update_sign(&head, "x", 1, two, 1);
	assert_int_equal(dbrt_update_verify(&head, &keys, crypto),
			 DBRT_UPDATE_ERROR_KEY);
	update_sign(&head, "x", 1, two, 2);
	assert_int_equal(dbrt_update_verify(&head, &keys, crypto),
			 DBRT_UPDATE_OK);
	/* another key that has the id of ours */
	two[0].known = key.known;
	update_sign(&head, "x", 1, two, 1);
	assert_int_equal(dbrt_update_verify(&head, &keys, crypto),
			 DBRT_UPDATE_ERROR_SIGNATURE);
}

/* Signed, but wrong: the fields are checked too. */
static void test_signed_fields(void **state)
{
	struct dbu_head good = { .manifest = update_manifest(1) }, bad;

	(void)state;
	update_sign(&good, "x", 1, &key, 1);
#define BAD(change)                                               \
	bad = good;                                               \
	change;                                                   \
	crypto_sign_detached(bad.signatures[0].bytes, NULL,       \
			     (const uint8_t *)&bad.manifest,      \
			     sizeof(bad.manifest), key.secret);   \
	assert_int_equal(dbrt_update_verify(&bad, &keys, crypto), \
			 DBRT_UPDATE_ERROR_FORMAT)
	BAD(bad.manifest.major = 2);
	BAD(bad.manifest.total_bytes++);
	BAD(bad.manifest.payload_bytes = 0xffffffff);
	BAD(bad.manifest.payload_kind = 1);
	BAD(bad.manifest.signature_count = 0);
	BAD(bad.manifest.signature_count = 4);
	BAD(bad.manifest.reserved[3] = 1);
	BAD(bad.manifest.reserved_too[63] = 1);
	BAD(bad.manifest.model[0] = 0);
	BAD(memset(bad.manifest.target, 'x', 32));
	BAD(bad.manifest.model[31] = 'x');
	BAD(bad.manifest.result_sha256[0] ^= 1);
	BAD(bad.signatures[1].key_id[0] = 1);
	BAD(bad.padding[39] = 1);
#undef BAD
}

static void test_device(void **state)
{
	struct dbrt_update_device device = { .model = "door",
					     .target = "board-1",
					     .version = 4,
					     .library = 0x000100,
					     .arena_bytes = 1000,
					     .flash_bytes = 4096 };
	struct dbu_head good = { .manifest = update_manifest(5) }, h;

	(void)state;
	update_sign(&good, "x", 1, &key, 1);
	assert_int_equal(dbrt_update_fits(&good, &device), DBRT_UPDATE_OK);
#define REFUSED(change, status) \
	h = good;               \
	change;                 \
	assert_int_equal(dbrt_update_fits(&h, &device), status)
	REFUSED(h.manifest.model[0] = 'b', DBRT_UPDATE_ERROR_MODEL);
	REFUSED(h.manifest.target[0] = 'c', DBRT_UPDATE_ERROR_TARGET);
	REFUSED(h.manifest.version = 4, DBRT_UPDATE_ERROR_OLDER);
	REFUSED(h.manifest.library = 0x000101, DBRT_UPDATE_ERROR_LIBRARY);
	REFUSED(h.manifest.arena_bytes = 1001, DBRT_UPDATE_ERROR_SPACE);
	REFUSED(h.manifest.total_bytes = 4097, DBRT_UPDATE_ERROR_SPACE);
	REFUSED(h.manifest.payload_kind = DBU_KEYS, DBRT_UPDATE_ERROR_FORMAT);
#undef REFUSED
}

struct key_list {
	struct dbu_head head;
	struct dbu_key keys[2];
};

static struct key_list key_list(uint64_t version, const struct signing_key *by)
{
	struct key_list l = { .head.manifest = update_manifest(version),
			      .keys = { signing_key(2).known,
					signing_key(3).known } };

	memcpy(l.head.manifest.model, "keys", 5);
	l.head.manifest.payload_kind = DBU_KEYS;
	update_sign(&l.head, l.keys, sizeof(l.keys), by, 1);
	return l;
}

static void test_rotation(void **state)
{
	struct signing_key second = signing_key(2);
	struct key_list l = key_list(1, &key), next = key_list(1, &second);
	struct dbrt_update_keys k = keys;

	(void)state;
	assert_int_equal(dbrt_update_rotate(&k, &next, sizeof(next), crypto),
			 DBRT_UPDATE_ERROR_KEY);
	l.keys[0].key[0] ^= 1;
	assert_int_equal(dbrt_update_rotate(&k, &l, sizeof(l), crypto),
			 DBRT_UPDATE_ERROR_HASH);
	assert_memory_equal(&k, &keys, sizeof(k));
	l.keys[0].key[0] ^= 1;
	assert_int_equal(dbrt_update_rotate(&k, &l, sizeof(l), crypto),
			 DBRT_UPDATE_OK);
	assert_int_equal(k.count, 2);
	/* the old key has gone, and the same list does not come again */
	assert_int_equal(dbrt_update_rotate(&k, &l, sizeof(l), crypto),
			 DBRT_UPDATE_ERROR_KEY);
	assert_int_equal(dbrt_update_rotate(&k, &next, sizeof(next), crypto),
			 DBRT_UPDATE_ERROR_OLDER);
	next = key_list(2, &second);
	assert_int_equal(dbrt_update_rotate(&k, &next, sizeof(next), crypto),
			 DBRT_UPDATE_OK);
}

/* The payload lies in memory that cannot be read: whoever reads it before
 * the signature is right, ends the program. */
static void test_trap(void **state)
{
	struct key_list l = key_list(1, &key);
	struct dbrt_update_keys k = keys;
	void *head = page_end(0, sizeof(l.head));

	(void)state;
	l.head.signatures[0].bytes[0] ^= 1;
	memcpy(head, &l.head, sizeof(l.head));
	for (int library = 0; library < 2; library++)
		assert_int_equal(dbrt_update_rotate(&k, head, sizeof(l),
						    &crypto[library]),
				 DBRT_UPDATE_ERROR_SIGNATURE);
}

static void test_status_text(void **state)
{
	(void)state;
	assert_string_equal(dbrt_update_status_text(0), "ok");
	assert_string_equal(dbrt_update_status_text(DBRT_UPDATE_ERROR_EMPTY),
			    "no valid model");
	assert_string_equal(dbrt_update_status_text(-17), "unknown status");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_bit),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_signed_fields),
		cmocka_unit_test(test_device),
		cmocka_unit_test(test_rotation),
		cmocka_unit_test(test_trap),
		cmocka_unit_test(test_status_text),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
