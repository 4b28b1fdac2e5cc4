/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_PACK_PACKED_FILE_H
#define DBC_CONVERTER_PACK_PACKED_FILE_H

#include <stdbool.h>

#include "base/diag.h"
#include "converter/data/preprocess.h"
#include "converter/pack/coded_sizes.h"
#include "runtime/dbrt.h"
#include "schemas/dbp.h"

/* A packed model on the host, checked by the device library, with the parts
 * that tools read. */
struct packed_file {
	const char *name; /* for messages; "" if it is not from a file */
	const uint8_t *bytes;
	uint32_t size;
	struct dbrt_model model;
	const struct dbp_header *header;
	const struct dbp_section *sections; /* header->section_count */
	const struct dbp_head *head;        /* NULL: none */
	void *owned_bytes, *arena;
	uint32_t stored_bytes; /* of the file, which may be coded; 0: none */
	struct coded_map map;  /* offsets in the file; count 0: not coded */
};

/* Whether the name ends in .dbp. */
bool packed_file_name(const char *path);
int packed_file_read(struct packed_file *f, const char *path, struct diag *d);
/* Opens bytes that the caller owns, aligned to 64. */
int packed_file_open(struct packed_file *f, const uint8_t *bytes, uint32_t size,
		     const char *name, struct diag *d);
/* Allocates the work buffer that a run needs. */
int packed_file_bind(struct packed_file *f, struct diag *d);
void packed_file_close(struct packed_file *f);

/* Section of that kind, NULL if there is none. */
const struct dbp_section *packed_file_section(const struct packed_file *f,
					      int kind);
/* Memory that dbrt_load() takes, for one worker: the work buffer, and before it
 * the model itself where the file is coded. */
int64_t packed_file_load_bytes(const struct packed_file *f);
/* "tensors", "operators", ...: of an enum dbp_section_kind; else "unknown". */
const char *packed_section_name(uint32_t kind);
/* The preprocessing of dbrt_set_image(); is_image is false if the file has
 * none. */
void packed_file_preprocess(const struct packed_file *f, struct preprocess *p);
/* The same for the first input of the graph that the file was made from, in the
 * layout of the graph. -1 if the sizes differ. */
int packed_file_preprocess_for(const struct packed_file *f,
			       const struct graph *g, struct preprocess *p,
			       struct diag *d);
/* If status is negative, an error "FILE: " and the status text, and -1; else 0.
 */
int packed_file_status(const struct packed_file *f, int status,
		       const char *doing, struct diag *d);

/* Shape of a device tensor. */
struct shape packed_shape(const struct dbrt_tensor *t);
/* Elements of a device tensor, dense, as floats (S8: dequantized). */
void packed_floats(const struct dbrt_tensor *t, float *out);

#endif
