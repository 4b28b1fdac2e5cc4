/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_ONNX_ONNX_EXTERNAL_H
#define DBC_CONVERTER_ONNX_ONNX_EXTERNAL_H

#include <sodium.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/diag.h"
#include "onnx.pb-c.h"

/* A file from which external data was read. */
struct onnx_external_file {
	dev_t device;
	ino_t inode;
};

/* External data of one model: tensors whose values are in other files, in the
 * folder of the model or below it. */
struct onnx_external {
	int folder; /* descriptor of the model's folder */
	struct onnx_external_file *files;
	size_t file_count, file_capacity;
	uint64_t file_bytes; /* sizes of all distinct files together */
	uint64_t read_bytes;
	crypto_hash_sha256_state *hash; /* gets all bytes read */
};

/* Opens the folder of the model file `path`. */
int onnx_external_open(struct onnx_external *ext, const char *path,
		       crypto_hash_sha256_state *hash, struct diag *d);
void onnx_external_close(struct onnx_external *ext);

/*
 * Reads the values of `t`, which must be exactly `size` bytes, into *out
 * (malloc). The location is a relative path without "..". Each component is a
 * plain folder and the last one a regular file with one hard link, so that no
 * link leads out of the folder of the model. The key `checksum` is not verified
 * (the digest of the model covers the bytes); unknown keys are skipped. Tensors
 * may share files, but all tensors together read at most twice the size of the
 * files.
 */
int onnx_external_read(struct onnx_external *ext, const Onnx__TensorProto *t,
		       const char *what, size_t size, uint8_t **out,
		       struct diag *d);

#endif
