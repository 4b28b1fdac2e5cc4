# SPDX-License-Identifier: Apache-2.0
# Budgets that are met: silent with -q.
dbconvert blobs/blobs.onnx -q --max-latency 1s --max-size 1MB --max-ram 1MB \
	-o out
ls out
