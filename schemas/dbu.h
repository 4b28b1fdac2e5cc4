/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBU_H
#define DBU_H

/* The C form of schemas/dbu.md: a signed update. */
#include <stdint.h>

#define DBU_MAGIC 0x1a554244u /* the bytes D B U 0x1a */
#define DBU_MAJOR 1
#define DBU_MINOR 0
#define DBU_MAX_SIGNATURES 3
#define DBU_KEY_BYTES 32
#define DBU_KEY_ID_BYTES 8
#define DBU_SIGNATURE_BYTES 64
#define DBU_HASH_BYTES 32

enum dbu_kind { DBU_FULL = 0, DBU_KEYS = 2 };

/* The signed part. */
struct dbu_manifest {
	uint32_t magic;
	uint16_t major, minor;
	uint32_t total_bytes;   /* of the file */
	uint32_t payload_kind;  /* enum dbu_kind */
	uint32_t payload_bytes; /* from sizeof(struct dbu_head) on */
	uint32_t result_bytes;
	uint64_t version; /* of the model, or of the list of keys */
	uint32_t library; /* least libdbrt: major << 16 | minor << 8 | patch */
	uint32_t arena_bytes, ram_bytes;
	uint32_t signature_count;
	uint8_t reserved[16];
	uint8_t payload_sha256[DBU_HASH_BYTES];
	uint8_t result_sha256[DBU_HASH_BYTES];
	char model[32], target[32];
	uint8_t reserved_too[64];
};
_Static_assert(sizeof(struct dbu_manifest) == 256, "schemas/dbu.md");

struct dbu_signature {
	uint8_t key_id[DBU_KEY_ID_BYTES];
	uint8_t bytes[DBU_SIGNATURE_BYTES];
};
_Static_assert(sizeof(struct dbu_signature) == 72, "schemas/dbu.md");

/* What stands before the payload. */
struct dbu_head {
	struct dbu_manifest manifest;
	struct dbu_signature signatures[DBU_MAX_SIGNATURES];
	uint8_t padding[40];
};
_Static_assert(sizeof(struct dbu_head) == 512, "schemas/dbu.md");

/* A public key; the payload of DBU_KEYS is an array of them. */
struct dbu_key {
	uint8_t id[DBU_KEY_ID_BYTES];
	uint8_t key[DBU_KEY_BYTES];
};
_Static_assert(sizeof(struct dbu_key) == 40, "schemas/dbu.md");

#endif
