/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBRT_OP_CONV_DEPTHWISE_H
#define DBRT_OP_CONV_DEPTHWISE_H

#include "runtime/dbrt_internal.h"

/* The run() of a convolution whose groups have one channel in, one out. */
void dbrt_conv_run_depthwise(const struct dbrt_op_view *v);

#endif
