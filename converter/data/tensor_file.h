/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_DATA_TENSOR_FILE_H
#define DBC_CONVERTER_DATA_TENSOR_FILE_H

#include "base/diag.h"
#include "ir/graph.h"
#include "ir/tensor.h"

/* Whether the name ends in .npy or .pb. */
bool tensor_file_name(const char *path);
/* Reads a .npy or .pb file. */
int tensor_read(const char *path, struct tensor *t, struct diag *d);
/* The same, of finite numbers that a float holds; another one is an error that
 * names the file as `name`, and the element. */
int tensor_read_finite(const char *path, const char *name, struct tensor *t,
		       struct diag *d);
/*
 * Writes a tensor to `out` as elements of `dtype` in the known `shape`. Its
 * dims must be equal except for dims of 1, or be those of a picture in the
 * other layout, N,C,H,W or N,H,W,C; then it is transposed. `known` decides what
 * `shape` is where its channels do not: LAYOUT_NHWC, or LAYOUT_NCHW for not
 * known. `name` is for messages.
 */
int tensor_convert(const struct tensor *t, const char *name, enum dtype dtype,
		   const struct shape *shape, enum layout known, void *out,
		   struct diag *d);

#endif
