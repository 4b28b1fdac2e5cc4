# SPDX-License-Identifier: Apache-2.0
dbconvert help targets
dbconvert --target help
dbconvert --method help
dbconvert blobs/blobs.onnx --dump-after help | tail -4
