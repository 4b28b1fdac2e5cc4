/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/onnx/onnx_wire.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Real models with small nodes need up to 15 bytes of tree for each byte. */
#define TREE_BYTES_PER_BYTE 16
#define TREE_BYTES_ALWAYS ((size_t)32 << 20)

struct wire_cursor {
	const uint8_t *start, *p, *end; /* start: of the file, for messages */
};

/* The fields of one message that were seen, by index in its descriptor. */
struct wire_seen {
	uint64_t fields;
};

static int damaged(const struct wire_cursor *c, struct diag *d)
{
	return diag_error(d, "is damaged at byte %zu, or not an ONNX model",
			  (size_t)(c->p - c->start));
}

static bool read_varint(struct wire_cursor *c, uint64_t *out)
{
	uint64_t v = 0;

	for (unsigned shift = 0; shift < 70 && c->p < c->end; shift += 7) {
		uint8_t b = *c->p++;

		if (shift < 64)
			v |= (uint64_t)(b & 0x7f) << shift;
		if (!(b & 0x80)) {
			*out = v;
			return true;
		}
	}
	return false;
}

static bool skip_bytes(struct wire_cursor *c, uint64_t n)
{
	if (n > (uint64_t)(c->end - c->p))
		return false;
	c->p += n;
	return true;
}

static int check_message(const ProtobufCMessageDescriptor *m,
			 struct wire_cursor *c, int depth, struct diag *d);

static int check_submessage(const ProtobufCMessageDescriptor *m,
			    const ProtobufCFieldDescriptor *f,
			    struct wire_cursor inner, struct wire_seen *seen,
			    int depth, struct diag *d)
{
	uint64_t bit = (uint64_t)1 << (f - m->fields);

	if (f->label != PROTOBUF_C_LABEL_REPEATED && (seen->fields & bit))
		return diag_error(d, "%s '%s' is given twice at byte %zu",
				  m->short_name, f->name,
				  (size_t)(inner.p - inner.start));
	seen->fields |= bit;
	return check_message(f->descriptor, &inner, depth + 1, d);
}

/* A length-delimited field; `c` is after the length. */
static int check_bytes(const ProtobufCMessageDescriptor *m,
		       const ProtobufCFieldDescriptor *f, struct wire_cursor *c,
		       uint64_t size, struct wire_seen *seen, int depth,
		       struct diag *d)
{
	struct wire_cursor inner = *c;

	if (!skip_bytes(c, size))
		return damaged(c, d);
	inner.end = c->p;
	if (f && f->type == PROTOBUF_C_TYPE_MESSAGE)
		return check_submessage(m, f, inner, seen, depth, d);
	if (f && f->type == PROTOBUF_C_TYPE_STRING &&
	    memchr(inner.p, 0, (size_t)size))
		return diag_error(d, "%s '%s' holds a NUL byte at byte %zu",
				  m->short_name, f->name,
				  (size_t)(inner.p - inner.start));
	return 0;
}

static int check_field(const ProtobufCMessageDescriptor *m,
		       struct wire_cursor *c, struct wire_seen *seen, int depth,
		       struct diag *d)
{
	const ProtobufCFieldDescriptor *f;
	uint64_t tag, v;
	bool ok = false;

	if (!read_varint(c, &tag) || tag >> 3 == 0 || tag > UINT32_MAX)
		return damaged(c, d);
	f = protobuf_c_message_descriptor_get_field(m, (unsigned)(tag >> 3));
	switch (tag & 7) {
	case PROTOBUF_C_WIRE_TYPE_VARINT:
		ok = read_varint(c, &v);
		break;
	case PROTOBUF_C_WIRE_TYPE_64BIT:
		ok = skip_bytes(c, 8);
		break;
	case PROTOBUF_C_WIRE_TYPE_32BIT:
		ok = skip_bytes(c, 4);
		break;
	case PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED:
		if (!read_varint(c, &v))
			break;
		return check_bytes(m, f, c, v, seen, depth, d);
	default: /* groups, which ONNX does not use */
		break;
	}
	return ok ? 0 : damaged(c, d);
}

static int check_message(const ProtobufCMessageDescriptor *m,
			 struct wire_cursor *c, int depth, struct diag *d)
{
	struct wire_seen seen = { 0 };

	assert(m->n_fields <= 64);
	if (depth >= WIRE_MAX_DEPTH)
		return diag_error(d,
				  "is nested too deeply at byte %zu, at most "
				  "%d levels are read",
				  (size_t)(c->p - c->start), WIRE_MAX_DEPTH);
	while (c->p < c->end)
		if (check_field(m, c, &seen, depth, d) != 0)
			return -1;
	return 0;
}

/*
 * Checks the bytes of a message before protobuf-c reads them, because
 * protobuf-c recurses without a limit and merges repeated singular messages
 * in quadratic time. Refused: a damaged encoding, deeper nesting than
 * WIRE_MAX_DEPTH, a singular message given twice, a string with a NUL.
 */
static int check_encoding(const ProtobufCMessageDescriptor *m,
			  const uint8_t *data, size_t size, struct diag *d)
{
	struct wire_cursor c = { data, data, data + size };

	return check_message(m, &c, 0, d);
}

/* Each block begins with its size, so that capped_free() can subtract it. */
union wire_block {
	size_t size;
	max_align_t align;
};

static void *capped_alloc(void *data, size_t size)
{
	struct wire_memory *mem = data;
	union wire_block *b;

	if (size > mem->cap_bytes - mem->used_bytes ||
	    sizeof(*b) > mem->cap_bytes - mem->used_bytes - size)
		return NULL;
	b = malloc(sizeof(*b) + size);
	if (!b)
		return NULL;
	b->size = sizeof(*b) + size;
	mem->used_bytes += b->size;
	return b + 1;
}

static void capped_free(void *data, void *p)
{
	struct wire_memory *mem = data;
	union wire_block *b = p;

	if (!b)
		return;
	b--;
	mem->used_bytes -= b->size;
	free(b);
}

static size_t tree_cap(size_t size)
{
	if (size > (SIZE_MAX - TREE_BYTES_ALWAYS) / TREE_BYTES_PER_BYTE)
		return SIZE_MAX;
	return TREE_BYTES_ALWAYS + size * TREE_BYTES_PER_BYTE;
}

ProtobufCMessage *wire_unpack(struct wire_memory *mem,
			      const ProtobufCMessageDescriptor *m,
			      const uint8_t *data, size_t size, struct diag *d)
{
	ProtobufCMessage *message;

	mem->allocator.alloc = capped_alloc;
	mem->allocator.free = capped_free;
	mem->allocator.allocator_data = mem;
	mem->used_bytes = 0;
	mem->cap_bytes = tree_cap(size);
	if (check_encoding(m, data, size, d) != 0)
		return NULL;
	message = protobuf_c_message_unpack(m, &mem->allocator, size, data);
	if (!message)
		diag_error(d, "is damaged, or needs more than %zu MB to parse",
			   mem->cap_bytes >> 20);
	return message;
}

void wire_free(struct wire_memory *mem, ProtobufCMessage *message)
{
	if (message)
		protobuf_c_message_free_unpacked(message, &mem->allocator);
}
