/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBRT_KERNELS_X86_H
#define DBRT_KERNELS_X86_H

#include "runtime/kernels.h"

/* Rows of kernels, a file each. */
extern const struct dbrt_kernels dbrt_kernels_sse41;
extern const struct dbrt_kernels dbrt_kernels_avx2;
extern const struct dbrt_kernels dbrt_kernels_avx512_vnni;

/* An entry of all of them. */
int dbrt_gather_x86(const struct dbrt_conv_job *j, uint32_t pixel,
		    uint32_t pixels, int8_t *windows);

#endif
