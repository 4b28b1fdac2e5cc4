# SPDX-License-Identifier: Apache-2.0
# Labels that do not exist.
dbconvert eval doorbell.onnx --images blobs/photos --labels absent
