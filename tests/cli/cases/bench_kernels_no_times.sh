echo 'no times' >times
dbconvert bench --kernels -o board.yaml times
