# SPDX-License-Identifier: Apache-2.0
# Nothing is overwritten: outputs whose file names would be one, inputs of one
# name, a folder with sub-folders. Names do not control the terminal.
mkdir -p in/a in/b
cp small/x.npy in/a
cp small/x.npy in/b
cp small/x.npy ..npy
dbconvert run small/names.onnx in/a/x.npy in/b/x.npy ..npy -o written
dbconvert run small/names.onnx in -o below >/dev/null
dbconvert inspect small/names.onnx
# a_b.npy holds the output of that name: the sigmoid of 0
tail -c +129 written/x/a_b.npy | head -c 4 | od -An -tf4
find written below -type f | LC_ALL=C sort
