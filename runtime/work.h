/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBRT_WORK_H
#define DBRT_WORK_H

#include "runtime/dbrt_internal.h"

/* Adds the work of an operator that has been checked; 64 bits, which stay at
 * their end instead of overflowing. */
void dbrt_work_add_op(struct dbrt_work *w, const struct dbrt_op_view *v);
/* Adds that of a head that has been checked. */
/* Rows of windows that a convolution copies before it multiplies. */
uint64_t dbrt_conv_window_rows(const struct dbrt_op_view *v);
void dbrt_work_add_head(struct dbrt_work *w, const struct dbp_head *h);

#endif
