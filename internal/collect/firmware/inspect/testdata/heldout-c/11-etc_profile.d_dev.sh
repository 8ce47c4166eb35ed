export HTTP_PROXY=http://build:fT35IW7GP@203.0.113.64:3128
export SVN_PASS=hE7VdiLI
export EDITOR=vi
alias up='ncftpput -u ota -p 57uLRFIa ota.merle-build.com /fw fw.bin'
