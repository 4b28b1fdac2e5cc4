# SPDX-License-Identifier: Apache-2.0
# Paths are relative to the file that is given.
mkdir conf
cp -r blobs/photos conf
printf "calib: photos\noutput: made\nmean: 0\nquiet: true\neffort: fast\n" >conf/o.yaml
dbconvert blobs/blobs.onnx --config conf/o.yaml
ls conf/made
