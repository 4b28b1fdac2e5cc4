# SPDX-License-Identifier: Apache-2.0
# A first argument that is no file is a verb that is spelt wrong.
dbconvert inspekt blobs/blobs.onnx
dbconvert nothing
