# Rows of a target file from times of operators: what time_dbp prints, and a
# model that is timed here, whose numbers are not compared.
for i in 1 2 3 4 5 6; do
	printf '%s\tconv_w8a8.1x1\t1x%s\t%s\t%s\t0\t9\t%s.5\n' \
		$i $i $((i * 4000)) $((i * i)) $((i * 2))
done >times.txt
dbconvert bench --kernels --target x86-64 --source 'simulated here' \
	-o board.yaml times.txt
sed -n '1,/conv_w8a8:/p' board.yaml
dbconvert bench --kernels -o timed.yaml --runs 1 packed/blobs.dbp | wc -l
dbconvert doorbell.onnx --target ./board.yaml -q -o out 2>/dev/null && echo taken
