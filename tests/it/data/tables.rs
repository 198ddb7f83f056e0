//! Tables of text: what data-frame libraries, R, numpy and spreadsheets write.

use super::*;

#[test]
fn csv_tables_are_read() {
    let files = Files::new();
    let check = |text: &str, dim: usize, values: &[f64]| {
        let data = files.load("a.csv", text.as_bytes()).unwrap();
        assert_eq!((data.dim(), data.values()), (dim, values), "{text:?}");
    };
    check("1,2\n3,4\n", 2, &[1.0, 2.0, 3.0, 4.0]);
    check("x,y\n1,2\n3,4", 2, &[1.0, 2.0, 3.0, 4.0]);
    check("\u{feff}x,y\r\n1, -2.5e-3\r\n\r\n+3,4.\r\n", 2, &[1.0, -2.5e-3, 3.0, 4.0]);
    check("\"1\",\"2\"\n", 2, &[1.0, 2.0]);
    check("# made by hand\n7\n8\n", 1, &[7.0, 8.0]);
    check("\"x, first\",y\n1,2\n", 2, &[1.0, 2.0]);
    check("0\n0\n", 1, &[0.0, 0.0]);
}

#[test]
fn malformed_csv_files_are_refused_in_one_sentence() {
    let files = Files::new();
    let check = |text: &[u8], says: &str| {
        let path = files.put("a.csv", text);
        check_refused(&path, load(&path), says);
    };
    check(b"", "the file is empty");
    check(b"\n\n", "the file is empty");
    check(b"x,y\n", "a header line but no row");
    check(b"x,y\nz,w\n1,2\n", "line 2, field 1 is \"z\", which is no number");
    check(b"1,2\n3,x\n", "line 2, field 2 is \"x\"");
    check(b"1,x\n3,4\n", "line 1, field 2 is \"x\"");
    check(b"1,2\n3\n", "line 2 has 1 field but line 1 has 2");
    check(b"1,2\n\n3,4,5\n", "line 3 has 3 fields but line 1 has 2");
    check(b"x\n1,2\n", "line 2 has 2 fields but line 1 has 1");
    check(b"1;2\n3;x\n", "line 2, field 2 is \"x\"");
    check(b"1,2\n3,\n", "line 2, field 2 is \"\"");
    check(b"1,nan\n", "line 1, field 2 is \"nan\", which is a missing");
    check(b"1,2\n1,1e999\n", "line 2, field 2 is \"1e999\", which is beyond the largest");
    check(b"1,2\n1,0x10\n", "line 2, field 2 is \"0x10\"");
    check(b"1,2\n\xff,3\n", "line 2, field 1");
    check(b"1,2\n\"3,4\n", "line 2 has a quote (\") that is not closed");
    // What a spreadsheet writes where it has no value is no comment.
    for error in ["#N/A", "#REF!", "#DIV/0!", "#name?", "#ERROR!", "#WERT!", "#¡VALOR!", "#NV", "####"] {
        let text = format!("1,2\n{error},4\n5,6\n");
        check(text.as_bytes(), &format!("line 2, field 1 is \"{error}\", which is a missing"));
    }
    // Values that are no numbers are no names either.
    check(b"True,False\n3,4\n", "line 1, field 1 is \"True\", which is true or false");
    check(b"a,b\nTrue,1\nFalse,2\n", "line 2, field 1 is \"True\", which is true or false");
    check(b"(1+2j),(3+4j)\n3,4\n", "line 1, field 1 is \"(1+2j)\", a complex number");
    check(b"$5,$6\n3,4\n", "line 1, field 1 is \"$5\", an amount of money");
}

/// A table as it is written, what is read of it, and what is said of it.
fn check_read(text: &[u8], dim: usize, values: &[f64], note: &str) {
    let data = Files::new().load("a.csv", text).unwrap();
    let shown = String::from_utf8_lossy(text);
    assert_eq!((data.dim(), data.values()), (dim, values), "{shown:?}");
    match note {
        "" => assert!(data.notes().is_empty(), "{shown:?}: {:?}", data.notes()),
        note => assert!(data.notes().len() == 1 && data.notes()[0].contains(note), "{:?}", data.notes()),
    }
}

#[test]
fn what_data_frame_libraries_write_by_default_is_read_as_meant() {
    let points = [0.5, 1.5, -2.0, 1.25, 0.25, 3.0];
    let read = |text: &str, note: &str| check_read(text.as_bytes(), 3, &points, note);
    // pandas: with and without index and header, names or numbers above the columns.
    read(",0,1,2\n0,0.5,1.5,-2.0\n1,1.25,0.25,3.0\n", "an index and is left out");
    read(",a,b,c\n0,0.5,1.5,-2.0\n1,1.25,0.25,3.0\n", "an index and is left out");
    read("0,1,2\n0.5,1.5,-2.0\n1.25,0.25,3.0\n", "line 1 is taken as column numbers");
    read("0,1,2\n0.5,1.5,-2\n1.25,0.25,3\n", "line 1 is taken as column numbers");
    read("a,b,c\n0.5,1.5,-2.0\n1.25,0.25,3.0\n", "");
    read("0.5,1.5,-2.0\n1.25,0.25,3.0\n", "");
    read("name,0,1,2\nbob,0.5,1.5,-2.0\neve,1.25,0.25,3.0\n", "holds names");
    read("Unnamed: 0,a,b,c\n0,0.5,1.5,-2.0\n1,1.25,0.25,3.0\n", "an index");
    read("date,a,b,c\n2020-01-01,0.5,1.5,-2.0\n2020-01-02,1.25,0.25,3.0\n", "holds names");
    // R: write.csv, write.csv2, write.table with and without names.
    read("\"\",\"V1\",\"V2\",\"V3\"\n\"1\",0.5,1.5,-2\n\"2\",1.25,0.25,3\n", "an index");
    read("\"\";\"V1\";\"V2\";\"V3\"\n\"1\";0,5;1,5;-2\n\"2\";1,25;0,25;3\n", "decimal commas");
    read("\"V1\" \"V2\" \"V3\"\n\"1\" 0.5 1.5 -2\n\"2\" 1.25 0.25 3\n", "the header has no name");
    read("\"a\" 0.5 1.5 -2\n\"b\" 1.25 0.25 3\n", "holds names");
    read("\"1\" 0.5 1.5 -2\n\"2\" 1.25 0.25 3\n", "holds names");
    // numpy.savetxt: blanks, and a header behind #.
    read("# x y z\n5.0e-01 1.5e+00 -2.0e+00\n1.25e+00 2.5e-01 3.0e+00\n", "1 line that begins with #");
    // R without quotes, where the row names are numbers, and pandas with index_label=False.
    read("V1 V2 V3\n1 0.5 1.5 -2\n2 1.25 0.25 3\n", "the header has no name");
    read("0,1,2\nbob,0.5,1.5,-2.0\neve,1.25,0.25,3.0\n", "the header has no name");
    // Spreadsheets.
    read("sep=;\r\n0,5;1,5;-2\r\n1,25;0,25;3\r\n", "decimal commas");
    read("\u{feff}\"sep=,\"\na,b,c\n0.5,1.5,-2\n1.25,0.25,3\n", "");
    read("SEP=|\n0.5|1.5|-2\n1.25|0.25|3\n", "bars");
    read("0.5,1.5,-2\n,,\n1.25,0.25,3\n,,\n", "2 lines of separators without a value are skipped");
    read("0,5\t1,5\t-2\n1,25\t0,25\t3\n", "decimal commas");
    read("a;b;c\r\n0,5;1,5;-2\r\n1,25;0,25;3\r\n", "semicolons");
    read("0.5\t1.5\t-2\r1.25\t0.25\t3\r", "tabs");
    read("0.5|1.5|-2\n1.25|0.25|3\n", "bars");
    read("a,b,c,\n0.5,1.5,-2,\n1.25,0.25,3,\n", "a separator ends every line");
    read("\"0.5\",\"1.5\",\"-2\"\n\"1.25\",\"0.25\",\"3\"\n", "");
    read("\"0\",\"1\",\"2\"\n0.5,1.5,-2\n1.25,0.25,3\n", "in quotes, is taken as the header");
    read("\"two\nlines\",b,c\n0.5,1.5,-2\n1.25,0.25,3\n", "");
    read("\u{feff}\n\n0.5,1.5,-2\n \n1.25,0.25,3", "");
    let text = "a,b,c\n0.5,1.5,-2\n1.25,0.25,3\n";
    let little: Vec<u8> =
        std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> =
        std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_be_bytes).collect();
    check_read(&little, 3, &points, "UTF-16, little-endian");
    check_read(&big, 3, &points, "UTF-16, big-endian");
    // Names in Windows-1252, a line that ends in a comma and a tab, signs of typeset text, powers of Fortran.
    check_read(b"Gr\xf6\xdfe,H\xf6he\n1.5,2\n3,4\n", 2, &[1.5, 2.0, 3.0, 4.0], "read as Windows-1252");
    check_read("1.5,−2\n3,4\n".as_bytes(), 2, &[1.5, -2.0, 3.0, 4.0], "\"−2\" in line 1");
    check_read(b"1.5D+00 -2.0d1\n3 4\n", 2, &[1.5, -20.0, 3.0, 4.0], "\"1.5D+00\" in line 1");
    check_read(b"1,\t2\n3,\t4\n", 2, &[1.0, 2.0, 3.0, 4.0], "");
    check_read(b"a,a\n17,2\n3,4\n", 2, &[17.0, 2.0, 3.0, 4.0], "several columns are called \"a\"");
    check_read(b"400.0,400.5,401.0\n1,2.5,1\n", 3, &[400.0, 400.5, 401.0, 1.0, 2.5, 1.0], "not as labels");
    // Seventeen digits, the least number, and one beside which it is nothing.
    check_read(
        b"0.10000000000000001,5e-324\n1,2.2250738585072014e-308\n",
        2,
        &[0.1, 5e-324, 1.0, f64::MIN_POSITIVE],
        "",
    );
    // A column of decimal commas is none of names, whatever stands in the others.
    check_read(b"1,5;2,5\n3,5;4\n", 2, &[1.5, 2.5, 3.5, 4.0], "decimal commas");
    check_read(b"1,5;2\n", 2, &[1.5, 2.0], "decimal commas");
    check_read(b"a;b\nDoe, J;2\nRoe, R;4\n", 1, &[2.0, 4.0], "holds names");
    // Written as a point is.
    check_read(b"0.0,1.0\n0.5,1.5\n", 2, &[0.0, 1.0, 0.5, 1.5], "line 1 is taken as a point");
    check_read(b"1,1\n0.5,1.5\n", 2, &[1.0, 1.0, 0.5, 1.5], "");
    check_read(
        b"label,1x1,1x2\n7,0,255\n3,0,12\n",
        3,
        &[7.0, 0.0, 255.0, 3.0, 0.0, 12.0],
        "\"1x1\" among them",
    );
    check_read(b"a,class\n0.5,1\n1.5,2\n", 2, &[0.5, 1.0, 1.5, 2.0], "\"class\" is taken as a coordinate");
    check_read(b"a,class\n0.5,1.5\n1.5,2.5\n", 2, &[0.5, 1.5, 1.5, 2.5], "");
    check_read(b"(a),$b\n17,3\n3,0\n", 2, &[17.0, 3.0, 3.0, 0.0], "");
    check_read(b"kind,a\n17,3\n3,0\n", 2, &[17.0, 3.0, 3.0, 0.0], "");
    // Rows of integers that count on are rows.
    check_read(b"1,2\n3,4\n", 2, &[1.0, 2.0, 3.0, 4.0], "");
    check_read(b"0,1,2\n", 3, &[0.0, 1.0, 2.0], "");
    check_read(b"1,2\n2,4\n3,6\n", 2, &[1.0, 2.0, 2.0, 4.0, 3.0, 6.0], "counts the rows and is taken as");
}

/// A name that says tabs, and text without one.
#[test]
fn commas_in_a_file_of_tabs_are_decimal_ones_or_refused() {
    let files = Files::new();
    let path = files.put("a.tsv", b"0,1\n0,5\n");
    check_refused(&path, load(&path), "two numbers, or one with a decimal comma");
    for (text, dim) in [(&b"0,1\t2\n0,5\t3\n"[..], 2), (b"1,2,3\n4,5,6\n", 3), (b"1\n2\n", 1)] {
        assert_eq!(files.load("b.tsv", text).unwrap().dim(), dim);
    }
    assert_eq!(files.load("b.csv", b"3,1\n0,5\n").unwrap().dim(), 2);
}

#[test]
fn tables_with_two_readings_and_odd_values_are_refused_by_line_and_field() {
    let files = Files::new();
    let check = |text: &[u8], says: &str| {
        let path = files.put("a.csv", text);
        check_refused(&path, load(&path), says);
    };
    check(b"0,1,2\n5,3,8\n4,4,4\n", "line 1 has two readings");
    check(b"0\n0.5\n1.5\n", "line 1 has two readings");
    for first in ["1,2,3", "0,2,5", "2,1,0", "2019,2020,2021"] {
        let text = format!("{first}\n0.5,1.5,-2\n1.25,0.25,3\n");
        check(text.as_bytes(), "line 1 has two readings: labels of columns");
    }
    check(b",1,2,3\n0,0.5,1.5,-2.0\n1,1.25,0.25,3.0\n", "line 1 has two readings: labels of columns");
    check(b",5\n0,2\n1,4\n", "line 1, field 1 is \"\"");
    check(b"l.5,7\n1.5,2.5\n3,4\n", "line 1, field 1 is \"l.5\"");
    check(b"x,2019,2020\nbob,0.5,1.5\neve,1.25,0.25\n", "line 1 has two readings: labels of columns");
    check(b",Unnamed: 0,a\n0,0,0.5\n1,1,0.7\n", "column 2, \"Unnamed: 0\", has two readings");
    check(b",,a\nx,0,0.5\nx,1,0.7\n", "column 2 has no name and two readings");
    check(b"id,a\n17,0.5\n3,0.7\n42,0.1\n", "the first column, \"id\", has two readings");
    for name in ["ID", "rn", "_id", "rowid", "row_nr", "obs", "__index_level_0__", "#"] {
        let text = format!("{name},a\n17,0.5\n3,0.7\n42,0.1\n");
        check(text.as_bytes(), &format!("the first column, \"{name}\", has two readings"));
    }
    // Commas are decimal ones beside another separator, not where a field is missing.
    for text in ["h,w\n170,64\n182,\n164,58\n", "\"a\",\"b\"\n1,2\n3,\n"] {
        check(text.as_bytes(), "is \"\", which is empty: a missing value");
    }
    check(b"a,b\n,2\n3,4\n", "line 2, field 1 is \"\"");
    check(b"a,b\n1,2\n3\n", "line 3 has 1 field but");
    check(b"1,2\n3\n5,6\n", "line 2 has 1 field but");
    check(b"x\n1,5\n2,5\n3\n", "field");
    check(b"0,0.5,1.5\n1,1.25,0.25\n2,-3.0,0.75\n", "the first column has two readings");
    check(b",a\n0.5,1\n0.7,2\n", "the first column has no name and two readings");
    check(b"id,a\n1,0.5\n2,0.7\n", "the first column, \"id\", has two readings");
    check(b"1,234;5,678\n2,345;6,789\n", "line 1 holds \"1,234\", with two readings");
    check(
        b"1.234;5.678\n2.345;6.789\n",
        "line 1 holds \"1.234\", with two readings: a point between thousands",
    );
    check(
        b"1,5\n1,05\n2,5\n",
        "line 2 holds \"1,05\", with two readings: two numbers, or one with a decimal comma",
    );
    check(b"0,1\t\n0,5\t\n", "line 1 holds \"0,1\", with two readings");
    check(
        b"1O,l2\n1,2\n",
        "line 1, field 1 is \"1O\", a number with letters behind it or in the place of digits",
    );
    check(b"$5,1\n$6,2\n", "line 1, field 1 is \"$5\", an amount of money");
    check(b"sep=:\n1:2\n", "line 1 names a separator that is none of");
    check(b"sep=,\n", "there is no row below the line");
    check(b"1,2\n3,5%\n", "line 2, field 2 is \"5%\", a percentage");
    check(b"1;2.5\n3;1,5\n", "with a decimal point, and other numbers have decimal commas");
    check(b"1,2\n3,\"1,5\"\n", "with a decimal comma; write a point");
    check(b"1,2\n3,1e-400\n", "line 2, field 2 is \"1e-400\", which is below the smallest number");
    check(b"1,2\n3,1d5\n", "line 2, field 2 is \"1d5\", with two readings");
    check(b"1,2\n3,2020-01-31\n", "line 2, field 2 is \"2020-01-31\", which is no number");
    check("1,2\n3,1\u{a0}234\n".as_bytes(), "marks between thousands");
    check(b"1,2\n3,1\xa0234,5\n", "line 2 has 3 fields");
    check(b"0.5 1.5\n\"a\" 0.7 0.8\n\"b\" 1.7 1.8\n", "line 2 has 3 fields but line 1 has 2");
    check(b"NA\n2\n3\n", "line 1, field 1 is \"NA\", which is a missing");
    check(b"1x\n2\n3\n", "line 1, field 1 is \"1x\"");
    check(b"NA,x\n2,3\n", "line 1, field 1 is \"NA\"");
    check(b"a,b\n1,\n", "line 2, field 2 is \"\", which is empty: a missing value");
    check(b"a,b\n1,-inf\n", "line 2, field 2 is \"-inf\", which is a missing or infinite value");
    check(b"a,b\n1,0x1F\n", "line 2, field 2 is \"0x1F\", which is hexadecimal");
    check(b"a,b\n1,\"1,234\"\n", "line 2, field 2 is \"1,234\", with two readings");
    check(b"a,b\n1,\"1,234.5\"\n", "marks between thousands");
    check(b"a,b\n1,1'234\n", "marks between thousands");
    check(b"a,b\n1,2,\n3,4,\n", "line 2 has 3 fields but line 1 has 2");
    check(b"1,2\n3,4\x00\n", "line 2 holds a zero byte");
    check(b"\xff\xfe1\x00,", "begins as UTF-16 text but is none");
    check(b"\xff\xfe\x00\x001\x00\x00\x00", "UTF-32");
    check(b"1,2\n3,\x1b[31m4\n", "line 2, field 2 is");
    check(b"sepal,species\n1,setosa\n2,virginica\n", "line 2, field 2 is \"setosa\"");
}
