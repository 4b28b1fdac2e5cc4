echo 'no times' >times.txt
dbconvert bench --kernels -o board.yaml times.txt
