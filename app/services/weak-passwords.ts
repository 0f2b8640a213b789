/**
 * Words that people reach for when asked for a password, each written as it is compared: lower case, letters only,
 * digits and signs at both ends taken off, "@" read as "a", "0" as "o" and so on (see password-policy.ts).
 * One entry therefore stands for thousands of spellings: "password" also refuses "P@ssw0rd2024!!".
 */
const WORDS = `
password passwort passw passwd pass mypass mypassword newpass newpassword passphrase yourpassword thepassword
admin administrator root superuser sysadmin system master login logon signin user username account member guest
test tester testing demo sample example default change changeme temp temporary secret secrets private access
welcome hello helloworld hi letmein openup opensesame trustme trustno believe forever friend friends family
qwerty qwertz azerty qwert qwertyui qwertyuiop asdf asdfg asdfgh asdfghjkl zxcv zxcvb zxcvbn zxcvbnm qazwsx qaz wsx edc
qazwsxedc qweasd qweasdzxc asdzxc wasd poiuy lkjhg mnbvc
abc abcd abcde abcdef abcdefg abcdefgh aaa aaaa xyz xxyyzz aabb aabbcc
iloveyou loveyou love lover loveme lovely iloveme ilove sweetheart honey baby babygirl babyboy darling angel princess prince
queen king kingdom hero legend winner champion lucky luck happy smile sunshine sunny summer winter spring autumn
monday tuesday wednesday thursday friday saturday sunday january february march april june july august september
october november december birthday christmas newyear holiday vacation
dragon tiger lion eagle shark wolf panda monkey chicken rabbit horse snake cat kitty puppy doggy dog bird fish bear dolphin
butterfly flower rose lily lotus orchid bamboo apple banana orange lemon cherry peach mango cookie chocolate coffee pepper
cheese pizza burger noodle rice sugar candy
football soccer basketball baseball hockey tennis golf cricket rugby boxing racing runner fishing hunter
superman batman spiderman ironman pokemon pikachu naruto mario zelda minecraft fortnite starwars matrix ninja samurai pirate
wizard magic phoenix shadow ghost killer death devil hell heaven jesus god bless grace faith hope peace
freedom liberty america american england london paris berlin tokyo beijing shanghai guangzhou shenzhen hangzhou chengdu
wuhan nanjing tianjin chongqing hongkong taiwan china chinese zhongguo japan korea
computer internet google facebook twitter instagram wechat weixin alipay taobao tencent alibaba huawei xiaomi apple samsung
android iphone windows microsoft linux ubuntu oracle cisco server database mysql mongo docker network office excel
money cash dollar bitcoin crypto rich richman millionaire billionaire gold silver diamond bank banker stock stocks fund funds
invest investor investing trader trading market bull bear wallet credit loan debit savings finance
goldbean goldenbean gold bean beans jindou jindoushequ jindouzi shequ
woaini woaiwo woaini woaiwojia woaizhongguo wodemima mima mimashi mimamima wode nihao nihaoma xiexie zaijian
laopo laogong baobei baobao qinai tianshi gongzhu wangzi mama baba jiejie gege meimei didi erzi nver
facai gongxifacai zhaocai caishen fuqi fugui jixiang ruyi pingan kuaile xingfu jiankang shunli
zhang wang liu chen yang huang zhao zhou xu sun zhu lin guo luo liang song zheng
wangwei liwei zhangwei liming xiaoming xiaohong xiaowang
mustang ferrari porsche mercedes bmw audi toyota honda tesla harley corvette camaro
michael jordan jennifer jessica ashley daniel thomas andrew joshua matthew robert charlie george william james anthony
nicole amanda michelle hannah maggie buster ginger pepper cookie snoopy bailey tigger merlin rocky jasper oliver
blink maverick thunder rainbow starlight moonlight midnight crystal diamond silver purple yellow orange green black white
guitar music piano violin singer rock metal jazz dance dancer
student teacher school college university doctor nurse police army navy soldier captain
whatever nothing something anything everything nobody somebody unknown none null undefined
enter return escape delete insert backspace space shift control option command keyboard mouse monitor
`;

export const WEAK_WORDS: ReadonlySet<string> = new Set(WORDS.split(/\s+/).filter(Boolean));
