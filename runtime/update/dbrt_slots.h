/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBRT_SLOTS_H
#define DBRT_SLOTS_H

/*
 * Two slots in flash for signed updates, and a journal that says which one
 * runs. A cut of power at any step leaves the old model or the new one. The
 * slot of the model that was confirmed last is never written.
 *
 *	dbrt_slots_mount(&s);
 *	slot = dbrt_slots_boot(&s);	run the model at dbrt_slots_payload()
 *	dbrt_slots_confirm(&s);		when the application is healthy
 *
 *	dbrt_slots_begin(&s, head);	the first 512 bytes of an update
 *	dbrt_slots_write(&s, at, data, n);  at: dbrt_slots_received()
 *	dbrt_slots_finish(&s);		the next boot tries the new model
 *
 * Functions return an enum dbrt_update_status.
 */
#include "runtime/update/dbrt_update.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Flash by callbacks, which return 0, or another number where they fail.
 * Erased bytes are 0xff. program() gets whole units of `program_bytes` that
 * are erased; erase() one sector; sync() returns when all is stored.
 */
struct dbrt_flash {
	int (*read)(void *ctx, uint32_t at, void *data, uint32_t bytes);
	int (*program)(void *ctx, uint32_t at, const void *data,
		       uint32_t bytes);
	int (*erase)(void *ctx, uint32_t at);
	int (*sync)(void *ctx);
	void *ctx;
	uint32_t sector_bytes; /* a power of two from 256 to 131072 */
};

#define DBRT_SLOTS_UNIT 64  /* program() gets multiples of this */
#define DBRT_SLOTS_PAGE 256 /* of a download */

/* What the journal stores. */
struct dbrt_slots_record {
	uint32_t magic, sequence;
	uint8_t active; /* the slot of the last confirmed model */
	uint8_t state;  /* enum dbrt_slots_state */
	uint8_t tried;  /* the other slot was booted, not confirmed yet */
	uint8_t reserved;
	uint32_t received; /* bytes of a download that are stored */
	uint64_t version;  /* the newest one confirmed */
	uint8_t padding[36];
	uint32_t crc32;
};

enum dbrt_slots_state {
	DBRT_SLOTS_IDLE,
	DBRT_SLOTS_DOWNLOAD,
	DBRT_SLOTS_TRIAL
};

/* Owned by the caller, who sets the first part. */
struct dbrt_slots {
	struct dbrt_flash flash;
	uint32_t journal_at; /* two sectors */
	uint32_t slot_at[2]; /* multiples of sector_bytes */
	uint32_t slot_bytes; /* of each, whole sectors */
	const struct dbrt_update_keys *keys;
	const struct dbrt_update_crypto *crypto;
	struct dbrt_update_device device; /* version: counted here */
	/* Runs the model in a slot, before it may boot; NULL: none. */
	int (*selftest)(void *ctx, uint32_t payload_at, uint32_t bytes);
	void *selftest_ctx;

	/* private */
	struct dbrt_slots_record record;
	uint32_t record_at;   /* the next place in the journal */
	uint32_t received;    /* of the download in progress */
	uint32_t downloading; /* 1: between begin and finish */
	struct dbu_head head; /* of the download or the slot that runs */
	uint8_t page[DBRT_SLOTS_PAGE];
};

/* Reads the journal. Without one, the valid slot of the highest version is
 * taken as confirmed. */
int dbrt_slots_mount(struct dbrt_slots *s);
/*
 * The slot to run, 0 or 1, verified by signature and hash; or a status. A new
 * model is booted once; if it is not confirmed by the next boot, that boot
 * reverts to the old one. Once after each mount.
 */
int dbrt_slots_boot(struct dbrt_slots *s);
/* The position of a slot's model in flash. */
uint32_t dbrt_slots_payload(const struct dbrt_slots *s, int slot);
/* The new model is healthy: it becomes the confirmed one. */
int dbrt_slots_confirm(struct dbrt_slots *s);
/* The new model is not: the next boot takes the old one. */
int dbrt_slots_revert(struct dbrt_slots *s);

/*
 * Begins a download, or continues it if the journal has one with this head.
 * Verifies the head before anything is written.
 */
int dbrt_slots_begin(struct dbrt_slots *s, const struct dbu_head *head);
/* The position in the .dbu file from which bytes are expected. */
uint32_t dbrt_slots_received(const struct dbrt_slots *s);
/* The next bytes of the file; DBRT_UPDATE_ERROR_STATE if they are others than
 * expected, and nothing changes. */
int dbrt_slots_write(struct dbrt_slots *s, uint32_t at, const void *data,
		     uint32_t bytes);
/* Reads the slot back, verifies it, runs the self-test, and switches. Where
 * this fails, the download is dropped. */
int dbrt_slots_finish(struct dbrt_slots *s);

#ifdef __cplusplus
}
#endif
#endif
