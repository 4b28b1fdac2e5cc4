/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_ONNX_ONNX_WIRE_H
#define DBC_CONVERTER_ONNX_ONNX_WIRE_H

#include <protobuf-c/protobuf-c.h>

#include "base/diag.h"

/* Levels of nested messages; an `If` inside an `If` takes three. */
#define WIRE_MAX_DEPTH 64

/* The memory of one parsed file. Initialised by wire_unpack(). */
struct wire_memory {
	ProtobufCAllocator allocator;
	size_t used_bytes, cap_bytes;
};

/*
 * Checks the encoding and then parses the message; free it with wire_free().
 * `mem` must stay where it is until then. The message takes at most 16 bytes
 * for each byte of the file, plus 32 MB. NULL with a diagnostic.
 */
ProtobufCMessage *wire_unpack(struct wire_memory *mem,
			      const ProtobufCMessageDescriptor *m,
			      const uint8_t *data, size_t size, struct diag *d);
void wire_free(struct wire_memory *mem, ProtobufCMessage *message);

#endif
