/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/op_conv.h"
#include "runtime/op_conv_check.h"

/*
 * A transposed convolution as a gather: the window of an output pixel holds,
 * for each tap, the input that contributes through that tap, or the zero point
 * if there is none.
 */
int dbrt_conv_transpose_check(const struct dbrt_op_view *v)
{
	return dbrt_conv_check_common(v, 1);
}

void dbrt_conv_transpose_run(const struct dbrt_op_view *v)
{
	dbrt_conv_run_windows(v, 1);
}
