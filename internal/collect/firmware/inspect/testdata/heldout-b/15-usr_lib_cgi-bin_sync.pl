#!/usr/bin/perl
use strict; use Net::FTP;
my $host = 'sync.brook-cam.com';
my ($user, $pass) = ('sync', '83QdyU6UN');
my $secret = "eCs9KumbJh1yTQBeu0J8";
my $key = shift;
if ($pass eq '') { die "password required\n"; }
my $ftp = Net::FTP->new($host) or die "cannot connect: $@";
$ftp->login($user,$pass);
