# SPDX-License-Identifier: Apache-2.0
# A budget that cannot be met: status 3, the layers that cost most.
dbconvert blobs/blobs.onnx -q --max-ram 1KB -o out
