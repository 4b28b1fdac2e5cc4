/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/pack/op_kernel.h"

#include "schemas/dbp_kernel.h"

static void conv_name(const struct dbrt_conv_form *f, const char *kind,
		      char *out, size_t size)
{
	const struct dbp_kernel k = { .kind = kind,
				      .depthwise = f->depthwise,
				      .dilated = f->dilated,
				      .weight_bits = f->weight_bits,
				      .weight_most = f->weight_most,
				      .input_most = f->input_most,
				      .kernel_h = f->kernel_h,
				      .kernel_w = f->kernel_w,
				      .stride_w = f->stride_w,
				      .columns = f->columns,
				      .pixels = f->pixels };

	dbp_kernel_name(out, size, &k);
}

int op_kernel_name(const struct dbrt_model *m, uint32_t op, char *out,
		   size_t size)
{
	static const char *const types[] = {
		[DBRT_S8] = "s8", [DBRT_F32] = "f32", [DBRT_I32] = "i32"
	};
	struct dbrt_conv_form form;
	struct dbrt_tensor t;
	uint32_t id;
	int status = dbrt_op_outputs(m, op, &id, 1);

	if (status > 0)
		status = dbrt_tensor_at(m, id, &t);
	if (status != DBRT_OK)
		return status;
	if (dbrt_op_conv(m, op, &form))
		snprintf(out, size, "%s_%s", dbrt_op_kind(m, op),
			 types[t.dtype]);
	else
		conv_name(&form, dbrt_op_kind(m, op), out, size);
	return DBRT_OK;
}

uint64_t op_window_rows(const struct dbrt_model *m, uint32_t op)
{
	struct dbrt_conv_form form;

	return dbrt_op_conv(m, op, &form) ? 0 : form.window_rows;
}
