# SPDX-License-Identifier: Apache-2.0
# The output folder is a file.
mkdir made
: >made/file
dbconvert blobs/blobs.onnx -o made/file
status=$?
wc -c made/file
exit $status
