# SPDX-License-Identifier: Apache-2.0
# The model takes 1x3x8x10: the same picture with its channels last is turned,
# a shape that no picture has is not.
dbconvert small/names.onnx -q -o packed
for model in small/names.onnx packed/names.dbp; do
	for tensor in x hwc odd; do
		dbconvert run $model small/$tensor.npy -o out-$tensor >/dev/null
		echo "$tensor: $?"
	done
	# element 1 of x is 1/256; of hwc turned, 3/256
	for tensor in x hwc; do
		tail -c +133 out-$tensor/$tensor/a_b_2.npy | head -c 4 |
			od -An -tf4
	done
done
