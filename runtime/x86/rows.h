/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBRT_ROWS_H
#define DBRT_ROWS_H

#include "runtime/kernels.h"

/* Rows of kernels, a file each. */
extern const struct dbrt_kernels dbrt_kernels_sse41;
extern const struct dbrt_kernels dbrt_kernels_avx2;
extern const struct dbrt_kernels dbrt_kernels_avx512_vnni;

#endif
