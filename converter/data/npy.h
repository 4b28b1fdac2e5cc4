/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_DATA_NPY_H
#define DBC_CONVERTER_DATA_NPY_H

#include "base/diag.h"
#include "ir/tensor.h"

/* Reads a NumPy .npy file, versions 1 to 3, little-endian, C or Fortran order.
 * Types f2, f4, f8, i1 to i8, u1 to u8 and b1 become the nearest enum dtype. */
int npy_read(const char *path, struct tensor *t, struct diag *d);
/* Writes version 1.0 in C order; the file is written whole or not at all. */
int npy_write(const char *path, const struct tensor *t, struct diag *d);

#endif
