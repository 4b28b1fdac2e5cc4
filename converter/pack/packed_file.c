/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/pack/packed_file.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/file_read.h"

bool packed_file_name(const char *path)
{
	size_t n = strlen(path);

	return n > 4 && strcmp(path + n - 4, ".dbp") == 0;
}

int packed_file_preprocess_for(const struct packed_file *f,
			       const struct graph *g, struct preprocess *p,
			       struct diag *d)
{
	struct preprocess packed;
	struct config plain;

	config_init(&plain);
	packed_file_preprocess(f, &packed);
	if (preprocess_init(p, g, &plain, NULL, d))
		return -1;
	if (!packed.is_image) {
		p->is_image = false;
		return 0;
	}
	packed.layout = p->layout;
	if (packed.width != p->width || packed.height != p->height ||
	    packed.channels != p->channels)
		return diag_error(d,
				  "'%s' is not made from this model: its "
				  "input differs in size",
				  f->name);
	*p = packed;
	return 0;
}

int packed_file_status(const struct packed_file *f, int status,
		       const char *doing, struct diag *d)
{
	if (status >= 0)
		return 0;
	return diag_error(d, "%s%s%s: %s", f->name, *f->name ? ": " : "", doing,
			  dbrt_status_text(status));
}

int packed_file_open(struct packed_file *f, const uint8_t *bytes, uint32_t size,
		     const char *name, struct diag *d)
{
	const struct dbp_section *head;

	*f = (struct packed_file){ .name = name, .bytes = bytes, .size = size };
	if (packed_file_status(f, dbrt_open(&f->model, bytes, size),
			       "not a packed model that can be run", d))
		return -1;
	f->header = (const void *)bytes;
	f->sections = (const void *)(bytes + sizeof(*f->header));
	head = packed_file_section(f, DBP_SECTION_HEAD);
	if (head)
		f->head = (const void *)(bytes + head->offset);
	return 0;
}

/* Copies the file, or decodes a coded one. */
static int copy_or_expand(const struct regular_file *file, void *out,
			  size_t bytes, const char *path, struct diag *d)
{
	const struct packed_file named = { .name = path };

	int status = dbrt_expand(file->data, file->size, out, bytes);

	if (status == DBRT_ERROR_MAGIC) { /* not coded */
		memcpy(out, file->data, bytes);
		return 0;
	}
	return packed_file_status(&named, status,
				  "not a packed model that can be run", d);
}

static int map_coded(struct packed_file *f, const struct regular_file *file,
		     struct diag *d)
{
	if (coded_map_make(&f->map, file->data, (uint32_t)file->size, f->size))
		return diag_error(d, "%s: out of memory", f->name);
	return 0;
}

int packed_file_read(struct packed_file *f, const char *path, struct diag *d)
{
	struct regular_file file;
	char *former;
	void *aligned;
	size_t size;
	int rc;

	*f = (struct packed_file){ .name = path };
	former = diag_enter(d, path);
	rc = regular_file_read(path, DBP_MAX_BYTES, &file, d);
	diag_leave(d, former);
	if (rc)
		return -1;
	size = dbrt_expanded_bytes(file.data, file.size);
	size = size ? size : file.size;
	aligned = aligned_alloc(DBP_ALIGN, dbp_align_up(size));
	if (aligned) {
		rc = copy_or_expand(&file, aligned, size, path, d);
		if (!rc)
			rc = packed_file_open(f, aligned, (uint32_t)size, path,
					      d);
		if (!rc && size != file.size)
			rc = map_coded(f, &file, d);
		f->owned_bytes = aligned;
		f->stored_bytes = (uint32_t)file.size;
	} else {
		rc = diag_error(d, "%s: out of memory", path);
	}
	regular_file_free(&file);
	return rc;
}

int packed_file_bind(struct packed_file *f, struct diag *d)
{
	size_t bytes = dbp_align_up(dbrt_arena_bytes(&f->model, 1));

	f->arena = aligned_alloc(DBP_ALIGN, bytes ? bytes : DBP_ALIGN);
	if (!f->arena)
		return diag_error(d,
				  "out of memory for a work buffer of %zu "
				  "bytes",
				  bytes);
	return packed_file_status(f, dbrt_bind(&f->model, f->arena, bytes),
				  "cannot bind its work buffer", d);
}

void packed_file_close(struct packed_file *f)
{
	free(f->arena);
	free(f->owned_bytes);
	coded_map_free(&f->map);
	f->arena = f->owned_bytes = NULL;
}

const struct dbp_section *packed_file_section(const struct packed_file *f,
					      int kind)
{
	for (uint32_t i = 0; i < f->header->section_count; i++)
		if (f->sections[i].kind == (uint32_t)kind)
			return &f->sections[i];
	return NULL;
}

int64_t packed_file_load_bytes(const struct packed_file *f)
{
	uint64_t model = f->map.count ? dbp_align_up(f->size) : 0;

	return (int64_t)(model + dbrt_arena_bytes(&f->model, 1));
}

const char *packed_section_name(uint32_t kind)
{
	static const char *const names[] = {
		[DBP_SECTION_TENSORS] = "tensors",
		[DBP_SECTION_OPS] = "operators",
		[DBP_SECTION_PARAMS] = "parameters",
		[DBP_SECTION_DATA] = "data",
		[DBP_SECTION_STRINGS] = "strings",
		[DBP_SECTION_IO] = "io",
		[DBP_SECTION_PREPROCESS] = "preprocess",
		[DBP_SECTION_HEAD] = "head",
		[DBP_SECTION_GOLDEN] = "golden",
		[DBP_SECTION_META] = "meta",
		[DBP_SECTION_SIGNATURE] = "signature",
	};

	return kind < sizeof(names) / sizeof(*names) && names[kind] ?
		       names[kind] :
		       "unknown";
}

void packed_file_preprocess(const struct packed_file *f, struct preprocess *p)
{
	static const enum resize_rule rules[] = { RESIZE_STRETCH,
						  RESIZE_LETTERBOX,
						  RESIZE_LETTERBOX_TOPLEFT };
	static const enum color_order colors[] = { COLOR_RGB, COLOR_BGR,
						   COLOR_GRAY };
	const struct dbp_section *s =
		packed_file_section(f, DBP_SECTION_PREPROCESS);
	const struct dbp_preprocess *from;
	struct dbrt_tensor input;

	*p = (struct preprocess){ 0 };
	if (!s || dbrt_input(&f->model, 0, &input) != DBRT_OK)
		return;
	from = (const void *)(f->bytes + s->offset);
	p->is_image = true;
	p->source = PREPROCESS_GIVEN;
	p->layout = LAYOUT_NHWC;
	p->height = (int)input.dims[1];
	p->width = (int)input.dims[2];
	p->channels = from->channels;
	p->color = colors[from->color];
	p->fit = rules[from->fit];
	p->pad_value = from->pad_value;
	memcpy(p->mean, from->mean, sizeof(p->mean));
	memcpy(p->scale, from->scale, sizeof(p->scale));
}

struct shape packed_shape(const struct dbrt_tensor *t)
{
	struct shape s = { .rank = (int)t->rank };

	for (uint32_t i = 0; i < t->rank; i++)
		s.dim[i] = t->dims[i];
	return s;
}

static float real_value(const struct dbrt_tensor *t, size_t at)
{
	switch (t->dtype) {
	case DBRT_S8:
		return t->scale *
		       (float)(((const int8_t *)t->data)[at] - t->zero_point);
	case DBRT_I32:
		return (float)((const int32_t *)t->data)[at];
	default:
		return ((const float *)t->data)[at];
	}
}

void packed_floats(const struct dbrt_tensor *t, float *out)
{
	size_t row = t->dims[t->rank - 1], rows = 1;

	for (uint32_t i = 0; i + 1 < t->rank; i++)
		rows *= t->dims[i];
	for (size_t r = 0; r < rows; r++)
		for (size_t i = 0; i < row; i++)
			*out++ = real_value(t, r * t->pitch + i);
}
