/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/onnx/onnx_tensor_file.h"

#include <stdlib.h>
#include <string.h>

#include "base/file_read.h"
#include "converter/onnx/onnx_tensor.h"
#include "converter/onnx/onnx_wire.h"

#define PB_MAX_BYTES ((size_t)1 << 31)

static int read_tensor(const Onnx__TensorProto *p, struct tensor *out,
		       struct diag *d)
{
	struct onnx_tensor t;
	struct onnx_bytes b;

	if (onnx_tensor_check(p, "tensor", &t, d) != 0 ||
	    onnx_tensor_bytes(&t, NULL, &b, d) != 0)
		return -1;
	if (tensor_init(out, t.type->dtype, &t.shape) != 0) {
		free(b.owned);
		return diag_error(d, "no memory for the tensor");
	}
	onnx_tensor_convert(t.type, t.elements, b.data, out->data);
	free(b.owned);
	return 0;
}

int tensor_read_pb(const char *path, struct tensor *t, struct diag *d)
{
	char *former = diag_enter(d, path);
	struct regular_file file = { NULL, 0 };
	struct wire_memory mem;
	ProtobufCMessage *m = NULL;
	int ret = -1;

	memset(t, 0, sizeof(*t));
	if (regular_file_read(path, PB_MAX_BYTES, &file, d) != 0)
		goto done;
	m = wire_unpack(&mem, &onnx__tensor_proto__descriptor, file.data,
			file.size, d);
	if (!m)
		goto done;
	ret = read_tensor((const Onnx__TensorProto *)m, t, d);
	wire_free(&mem, m);
done:
	regular_file_free(&file);
	diag_leave(d, former);
	return ret;
}
