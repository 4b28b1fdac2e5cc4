/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_ONNX_ONNX_WIRE_H
#define DBC_CONVERTER_ONNX_ONNX_WIRE_H

#include <protobuf-c/protobuf-c.h>

#include "base/diag.h"

/* Messages within messages; an `If` inside an `If` takes three levels. */
#define WIRE_MAX_DEPTH 64

/*
 * Looks through the bytes of a message before protobuf-c does, because
 * protobuf-c recurses without a limit and merges repeated singular messages
 * in quadratic time. Refused: a damaged encoding, deeper nesting than
 * WIRE_MAX_DEPTH, a singular message given twice, a string with a NUL.
 */
int wire_check(const ProtobufCMessageDescriptor *m, const uint8_t *data,
	       size_t size, struct diag *d);

/* What protobuf-c may allocate for one file. Initialised by wire_unpack(). */
struct wire_memory {
	ProtobufCAllocator allocator;
	size_t used_bytes, cap_bytes;
};

/*
 * wire_check() and then the message itself, whose memory stays under a small
 * multiple of `size`; free it with wire_free(). `mem` must stay where it is
 * until then. NULL with a diagnostic.
 */
ProtobufCMessage *wire_unpack(struct wire_memory *mem,
			      const ProtobufCMessageDescriptor *m,
			      const uint8_t *data, size_t size, struct diag *d);
void wire_free(struct wire_memory *mem, ProtobufCMessage *message);

#endif
