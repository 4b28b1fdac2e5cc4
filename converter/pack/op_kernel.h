/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_PACK_OP_KERNEL_H
#define DBC_CONVERTER_PACK_OP_KERNEL_H

/*
 * What the cost model calls the kernel of an operator. Needs nothing of the
 * host but C, because it is built for boards as well (bench/time_dbp.c).
 */
#include "runtime/dbrt.h"

/* "conv_w4a8.1x1", "max_pool_s8": see schemas/dbp_kernel.h. The model is open;
 * `out` is cut to `size` bytes. A negative enum dbrt_status if there is no such
 * operator. */
int op_kernel_name(const struct dbrt_model *m, uint32_t op, char *out,
		   size_t size);

/* Rows of windows that an operator gathers before it multiplies. */
uint64_t op_window_rows(const struct dbrt_model *m, uint32_t op);

#endif
