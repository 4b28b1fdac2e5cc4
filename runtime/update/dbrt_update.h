/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBRT_UPDATE_H
#define DBRT_UPDATE_H

/*
 * Signed updates (.dbu, schemas/dbu.md) on the device: the reader. It
 * allocates nothing and has no cryptography of its own: the caller gives a
 * struct dbrt_update_crypto (adapters/ has two).
 */
#include <stddef.h>
#include <stdint.h>

#include "schemas/dbu.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The values are fixed: scripts and logs may rely on them. */
enum dbrt_update_status {
	DBRT_UPDATE_OK = 0,
	DBRT_UPDATE_ERROR_ARGUMENT = -1,
	DBRT_UPDATE_ERROR_TRUNCATED = -2, /* fewer bytes than there must be */
	DBRT_UPDATE_ERROR_MAGIC = -3,     /* not a .dbu at all */
	DBRT_UPDATE_ERROR_FORMAT = -4,    /* a field out of its range */
	DBRT_UPDATE_ERROR_KEY = -5,       /* signed by no trusted key */
	DBRT_UPDATE_ERROR_SIGNATURE = -6, /* a wrong signature */
	DBRT_UPDATE_ERROR_HASH = -7,      /* the payload is another one */
	DBRT_UPDATE_ERROR_MODEL = -8,     /* for another model */
	DBRT_UPDATE_ERROR_TARGET = -9,    /* for other hardware */
	DBRT_UPDATE_ERROR_OLDER = -10,    /* not above the confirmed version */
	DBRT_UPDATE_ERROR_LIBRARY = -11,  /* needs a newer libdbrt */
	DBRT_UPDATE_ERROR_SPACE = -12,    /* needs more memory or flash */
	DBRT_UPDATE_ERROR_FLASH = -13,    /* a callback of the flash failed */
	DBRT_UPDATE_ERROR_SELFTEST = -14, /* the model failed its self-test */
	DBRT_UPDATE_ERROR_STATE = -15,    /* not in this state of the slots */
	DBRT_UPDATE_ERROR_EMPTY = -16     /* no slot has a valid model */
};

/* "ok", "wrong signature", ...; never NULL. */
const char *dbrt_update_status_text(int status);

/* 0: `signature` is the Ed25519 signature of `message` by `key`. */
typedef int dbrt_verify_fn(const uint8_t key[DBU_KEY_BYTES],
			   const uint8_t signature[DBU_SIGNATURE_BYTES],
			   const uint8_t *message, size_t bytes);

/* Ed25519 and SHA-256; `hash` is the state of one hash at a time. The hash
 * functions return 0, or another number where they fail. */
struct dbrt_update_crypto {
	dbrt_verify_fn *verify;
	int (*hash_begin)(void *hash);
	int (*hash_add)(void *hash, const uint8_t *data, size_t bytes);
	int (*hash_end)(void *hash, uint8_t sha256[DBU_HASH_BYTES]);
	void *hash;
};

#define DBRT_UPDATE_MAX_KEYS 4

/* The keys that a device trusts; the caller stores them. */
struct dbrt_update_keys {
	uint64_t version; /* of the last list; 0: built in */
	uint32_t count;
	struct dbu_key keys[DBRT_UPDATE_MAX_KEYS];
};

/* What a device is, and the most that an update may need; 0: any. */
struct dbrt_update_device {
	const char *model, *target;
	uint64_t version; /* the newest one that was confirmed */
	uint32_t library; /* major << 16 | minor << 8 | patch */
	uint32_t arena_bytes, ram_bytes, flash_bytes;
};

/*
 * Verifies the first 512 bytes of an update, then checks their fields. Before
 * a signature is found right, only the magic, the major version and the key
 * ids are read.
 */
int dbrt_update_verify(const struct dbu_head *head,
		       const struct dbrt_update_keys *keys,
		       const struct dbrt_update_crypto *crypto);
/* Whether a model of a verified head is for this device. */
int dbrt_update_fits(const struct dbu_head *head,
		     const struct dbrt_update_device *device);
/* Compares the hash of a whole payload in memory. */
int dbrt_update_payload(const struct dbu_head *head, const void *payload,
			size_t bytes, const struct dbrt_update_crypto *crypto);
/* Verifies an update of kind DBU_KEYS, and replaces the keys by its list;
 * where it fails, the keys are unchanged. */
int dbrt_update_rotate(struct dbrt_update_keys *keys, const void *dbu,
		       size_t bytes, const struct dbrt_update_crypto *crypto);

#ifdef __cplusplus
}
#endif
#endif
